/** Makes, copies, enlarges and removes layers. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cleanUpAfter } from "../../../base/errors.ts";
import { layerFault } from "../../layer-fault.ts";
import type { DestroyOptions } from "../../layer-store.ts";
import type { PrivilegeName } from "../privileges.ts";
import { extendVolume, leavesVolumeSmall } from "./extend-volume.ts";
import { FILTER_DRIVER, describeLayers, layerCall, type LayerContext } from "./layer-context.ts";
import { isLayerFile, namesIn, requireFolder, requireNothing } from "./layer-folder.ts";
import { isSamePath, listRecords, readRecord, withLayer, type HeldLayer } from "./layer-record.ts";

/** Files are read and written whoever owns them. */
const FILE_PRIVILEGES: readonly PrivilegeName[] = ["SeBackupPrivilege", "SeRestorePrivilege"];

/** What the service makes a scratch hold, in bytes. */
const USUAL_SCRATCH_SIZE = 20 * 2 ** 30;

/** Makes a new, empty read-only layer. @throws {LayerError} LAYER_EXISTS */
export async function createLayer(
  context: LayerContext,
  path: string,
  parents: readonly string[],
): Promise<void> {
  requireNothing(path, "create");
  for (const parent of parents) requireFolder(parent);
  const create = context.bindings.vmcompute.CreateLayer;
  await made(context, path, () => layerCall(path, "create", create(FILTER_DRIVER, path, parents[0] ?? "")));
}

/** Makes a new scratch, and enlarges it if the usual size is not enough. @throws {LayerError} LAYER_EXISTS */
export async function createScratch(
  context: LayerContext,
  path: string,
  parents: readonly string[],
  sizeBytes: number,
): Promise<void> {
  const { vmcompute } = context.bindings;
  requireNothing(path, "create");
  for (const parent of parents) requireFolder(parent);
  const layers = await describeLayers(context, parents);
  await made(context, path, async () => {
    await layerCall(path, "create", vmcompute.CreateSandboxLayer(FILTER_DRIVER, path, 0, layers));
    if (sizeBytes > USUAL_SCRATCH_SIZE)
      await withLayer(context, path, (held) => enlarge(context, held, sizeBytes));
  });
}

/** Makes a read-only layer of a folder in transport form. @throws {LayerError} */
export async function importLayer(
  context: LayerContext,
  path: string,
  source: string,
  parents: readonly string[],
): Promise<void> {
  requireNothing(path, "import");
  for (const folder of [source, ...parents]) requireFolder(folder);
  const layers = await describeLayers(context, parents);
  const { ImportLayer } = context.bindings.vmcompute;
  const fill = async (): Promise<void> => {
    await layerCall(path, "import", ImportLayer(FILTER_DRIVER, path, source, layers));
    if (parents.length === 0) await finishBase(context, path);
  };
  await made(context, path, () => context.privileges.with(FILE_PRIVILEGES, fill));
}

/** Makes of the files of a base layer what scratches, and the disks of utility VMs, are copied from. */
async function finishBase({ bindings }: LayerContext, path: string): Promise<void> {
  const { ProcessBaseImage, ProcessUtilityImage } = bindings.vmcompute;
  await layerCall(path, "import", ProcessBaseImage(path));
  const vm = join(path, "UtilityVM");
  if (existsSync(join(vm, "Files"))) await layerCall(path, "import", ProcessUtilityImage(vm));
}

/** Fills a folder with the transport form of a layer. @throws {LayerError} */
export async function exportLayer(
  context: LayerContext,
  path: string,
  target: string,
  parents: readonly string[],
): Promise<void> {
  for (const folder of [path, ...parents]) requireFolder(folder);
  requireNothing(target, "export to");
  const existed = existsSync(target);
  const layers = await describeLayers(context, parents);
  const call = () => context.bindings.vmcompute.ExportLayer(FILTER_DRIVER, path, target, layers);
  try {
    await context.privileges.with(FILE_PRIVILEGES, () => layerCall(path, "export", call()));
  } catch (error) {
    throw await cleanUpAfter(error, async () => {
      if (!existed) await rm(target, { recursive: true, force: true });
    });
  }
}

/** Removes a layer with its folder; an absent one is no error. @throws {LayerError} LAYER_BUSY or LAYER_FORMAT */
export async function destroyLayer(
  context: LayerContext,
  path: string,
  { force = false }: DestroyOptions = {},
): Promise<void> {
  await withLayer(context, path, async () => {
    const names = namesIn(path);
    if (names === undefined) return;
    requireUnused(context, path, "remove");
    requireLayer(path, names, force);
    await destroy(context, path);
  });
}

function requireLayer(path: string, names: readonly string[], force: boolean): void {
  const strangers = names.filter((name) => !isLayerFile(name));
  const isLayer = names.length === 0 || strangers.length < names.length;
  if (strangers.length > 0 && (!force || !isLayer)) {
    const found = `its folder holds "${strangers[0]}", which is no part of a layer`;
    throw layerFault("LAYER_FORMAT", path, ["remove", found]);
  }
}

/** Makes a scratch hold at least as many bytes. @throws {LayerError} LAYER_BUSY while it is mounted */
export async function expandScratch(context: LayerContext, path: string, sizeBytes: number): Promise<void> {
  requireFolder(path);
  await withLayer(context, path, async (held) => {
    requireUnused(context, path, "enlarge");
    await enlarge(context, held, sizeBytes);
  });
}

async function enlarge(context: LayerContext, held: HeldLayer, sizeBytes: number): Promise<void> {
  const { layer } = held.record;
  const { ExpandSandboxSize } = context.bindings.vmcompute;
  await layerCall(layer, "enlarge", ExpandSandboxSize(FILTER_DRIVER, layer, sizeBytes));
  if (leavesVolumeSmall(context.osBuild)) await extendVolume(context, held);
}

function requireUnused({ keys }: LayerContext, path: string, action: string): void {
  if (readRecord(keys, path) !== undefined) throw layerFault("LAYER_BUSY", path, [action, "it is mounted"]);
  const user = listRecords(keys).find(({ parents }) => parents.some((parent) => isSamePath(parent, path)));
  if (user !== undefined) throw layerFault("LAYER_BUSY", path, [action, `"${user.layer}" lies over it`]);
}

async function destroy({ bindings, privileges }: LayerContext, path: string): Promise<void> {
  const call = () => bindings.vmcompute.DestroyLayer(FILTER_DRIVER, path);
  await privileges.with(FILE_PRIVILEGES, () => layerCall(path, "remove", call()));
}

/** Makes a layer whose folder, if it is new, is removed again when that fails. */
async function made(context: LayerContext, path: string, make: () => Promise<unknown>): Promise<void> {
  const existed = existsSync(path);
  try {
    await make();
  } catch (error) {
    throw await cleanUpAfter(error, async () => {
      if (!existed && existsSync(path)) await destroy(context, path);
    });
  }
}
