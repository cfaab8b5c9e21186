/** Further folders at which the files of mounted layers are shown: mount points of their volumes. */
import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import { ifExists } from "../../../base/files.ts";
import { layerFault } from "../../layer-fault.ts";
import { layerFailure, type LayerContext } from "./layer-context.ts";
import { namesIn } from "./layer-folder.ts";
import { isSamePath, listRecords, withLayer, type HeldLayer } from "./layer-record.ts";

const ERROR_FILE_NOT_FOUND = 2;
const ERROR_PATH_NOT_FOUND = 3;
const ERROR_INVALID_PARAMETER = 87;
const ERROR_NOT_A_REPARSE_POINT = 4390;
const WRAPPED = 0x8007_0000;

/** Shows the files of a mounted layer at an empty folder too. @param shown its mount path @throws {LayerError} */
export async function showAt(
  context: LayerContext,
  path: string,
  target: string,
  shown: string,
): Promise<void> {
  const folder = requireEmptyFolder(path, target);
  await withLayer(context, path, async (held) => {
    held.record.targets.push(folder);
    held.save();
    const set = context.bindings.kernel32.SetVolumeMountPointW;
    const { value, lastError } = await set(withEnd(folder), withEnd(shown));
    if (value !== 0) return;
    held.record.targets.pop();
    held.save();
    throw layerFailure(path, "mount", WRAPPED + lastError);
  });
}

/** Ends what `showAt` did; a folder at which nothing is shown is no error. @throws {LayerError} */
export async function hideFrom(context: LayerContext, path: string, target: string): Promise<void> {
  await withLayer(context, path, async (held) => {
    const found = held.record.targets.find((known) => isSamePath(known, target));
    if (found === undefined) return;
    await removeMountPoint(context, path, found);
    held.record.targets = held.record.targets.filter((known) => known !== found);
    held.save();
  });
}

/** Ends all that `showAt` did for a layer that is held. @throws {LayerError} */
export async function hideAll(context: LayerContext, held: HeldLayer): Promise<void> {
  const { record } = held;
  for (const target of record.targets.toReversed()) {
    await removeMountPoint(context, record.layer, target);
    record.targets = record.targets.filter((known) => known !== target);
    held.save();
  }
}

/**
 * The folder of the layer that a path means: its own, where it is mounted, or where it is shown.
 *
 * @param mountPathOf tells where a layer is mounted
 */
export async function mountedLayer(
  { keys }: LayerContext,
  path: string,
  mountPathOf: (layer: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const records = listRecords(keys);
  const named = records.find(({ layer, targets }) => [layer, ...targets].some((at) => isSamePath(at, path)));
  if (named !== undefined) return named.layer;
  for (const { layer } of records) {
    const mounted = await mountPathOf(layer);
    if (mounted !== undefined && isSamePath(mounted, path)) return layer;
  }
  return undefined;
}

function requireEmptyFolder(path: string, target: string): string {
  const folder = resolve(target);
  if (ifExists(() => lstatSync(folder))?.isDirectory() !== true)
    throw layerFault("LAYER_NOT_FOUND", path, ["mount", `"${target}" is not a folder`]);
  if ((namesIn(folder) ?? []).length === 0) return folder;
  throw layerFault("LAYER_EXISTS", path, ["mount", `the folder "${target}" is not empty`]);
}

/** Somebody else may have removed the mount point, or the folder. */
async function removeMountPoint({ bindings }: LayerContext, path: string, target: string): Promise<void> {
  const { value, lastError } = await bindings.kernel32.DeleteVolumeMountPointW(withEnd(target));
  const isGone = [
    ERROR_FILE_NOT_FOUND,
    ERROR_PATH_NOT_FOUND,
    ERROR_INVALID_PARAMETER,
    ERROR_NOT_A_REPARSE_POINT,
  ].includes(lastError);
  if (value === 0 && !isGone) throw layerFailure(path, "unmount", WRAPPED + lastError);
}

/** Both paths of a mount point end with a backslash. */
function withEnd(path: string): string {
  return path.endsWith("\\") ? path : `${path}\\`;
}
