/** Makes, copies and removes the folders of layers. */
import { basename, dirname, join, resolve } from "node:path";
import { callName } from "../../../base/call-name.ts";
import { cleanUpAfter } from "../../../base/errors.ts";
import { randomUuid } from "../../../base/uuid.ts";
import { Ext4Writer } from "../../../formats/ext4/writer.ts";
import { FOOTER_SIZE, vhdFooter } from "../../../formats/vhd/footer.ts";
import type { DestroyOptions, ScratchDisks } from "../../layer-store.ts";
import type { Machine } from "../machine.ts";
import { layerFault, layerStep } from "./layer-fault.ts";
import {
  CHANGE_FOLDERS,
  IMAGE_FILE,
  isLayer,
  LAYER_FILES,
  openImage,
  openLayer,
  type ImageLayer,
  type ScratchLayer,
} from "./layer-folder.ts";
import { isInUse, type LayerContext } from "./mount-place.ts";
import { shownMount } from "./settle.ts";
import { withPlace } from "./with-place.ts";

/** Makes a read-only layer without files. @throws {LayerError} LAYER_EXISTS */
export async function createLayer(machine: Machine, path: string): Promise<void> {
  await makeLayer(machine, path, ["create", IMAGE_FILE], async (file) => {
    const chunks: { bytes: Buffer; position: number }[] = [];
    const copy = (parts: readonly Uint8Array[], position: number): void => {
      chunks.push({ bytes: Buffer.concat(parts), position });
    };
    const { size } = new Ext4Writer({ write: copy }, { maximumSize: 2 ** 30 }).finish();
    const image = Buffer.alloc(size + FOOTER_SIZE);
    for (const { bytes, position } of chunks) bytes.copy(image, position);
    vhdFooter(size, { uuid: randomUuid() }).copy(image, size);
    await machine.writeNew(file, image, image.length);
  });
}

/** Makes a scratch with a disk of its own. @throws {LayerError} LAYER_EXISTS */
export async function createScratch(
  machine: Machine,
  path: string,
  disks: ScratchDisks,
  sizeBytes: number,
): Promise<void> {
  await makeLayer(machine, path, ["create", disks.fileName], (file) => disks.create(file, sizeBytes));
}

/** Copies a layer's image from one folder into another, a new layer. @throws {LayerError} */
export async function copyLayer(
  machine: Machine,
  action: "import" | "export",
  { from, to }: { from: string; to: string },
): Promise<void> {
  const image = await openImage(machine, from);
  await makeLayer(machine, to, [action, IMAGE_FILE], (file) => machine.copyFile(image.file, file));
}

/** Fills a folder, new or empty, with one file; it has its name only when it is whole. */
async function makeLayer(
  machine: Machine,
  path: string,
  [action, name]: readonly [action: string, name: string],
  write: (file: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(path);
  const folder = join((await machine.resolvePath(parent)) ?? parent, basename(path));
  await layerStep(path, [action, "making its folder"], async () => {
    const isNew = await machine.makeFolder(folder);
    if (!isNew && (await machine.lookAtFile(folder))?.type !== "folder")
      throw layerFault("LAYER_EXISTS", path, [action, "its path is taken by something that is not a folder"]);
    const [taken] = await machine.list(folder);
    if (taken !== undefined)
      throw layerFault("LAYER_EXISTS", path, [action, `its folder is not empty, it holds "${taken}"`]);
    const unfinished = join(folder, `.${name}.${callName()}`);
    try {
      await write(unfinished);
      await machine.rename(unfinished, join(folder, name));
    } catch (error) {
      throw await cleanUpAfter(error, async () => {
        await machine.remove(unfinished);
        if (isNew) await machine.removeEmptyFolder(folder);
      });
    }
  });
}

/** Makes the disk of a scratch larger. @throws {LayerError} LAYER_BUSY while it is mounted */
export async function expandScratch(
  context: LayerContext,
  path: string,
  disks: ScratchDisks,
  sizeBytes: number,
): Promise<void> {
  const { machine } = context;
  const layer = await openLayer(machine, path);
  await withPlace(context, layer.path, async ({ record }) => {
    const isAttached = layer.kind !== "folder" && (await machine.isAttached(layer.file));
    if (isInUse(record) || isAttached)
      throw layerFault("LAYER_BUSY", path, ["expand", "it is in use", "Unmount it first"]);
    const file = expandable(layer, disks);
    await layerStep(path, ["expand", "enlarging its disk"], () => disks.expand(file, sizeBytes));
  });
}

/** The disk's file, if this host can enlarge it. @throws {LayerError} LAYER_FORMAT */
function expandable(layer: ImageLayer | ScratchLayer, { enlarges }: ScratchDisks): string {
  if (layer.kind === "image") throw layerFault("LAYER_FORMAT", layer.path, ["expand", "it is read-only"]);
  if (layer.kind !== "folder" && enlarges.includes(layer.kind)) return layer.file;
  const found =
    layer.kind === "folder" ? "its scratch is a folder, which has no size" : `its disk is ${layer.kind}`;
  throw layerFault("LAYER_FORMAT", layer.path, ["expand", found]);
}

/** Names of files that a killed call leaves. */
const UNFINISHED = /^\.(?:layer\.vhd|sandbox\.(?:vhdx|img))\.\d+\.\d+$/;
const FINISHED: readonly string[] = [...LAYER_FILES, ...CHANGE_FOLDERS];

/** Whether a layer's folder may hold this name. */
function isOwnName(name: string): boolean {
  return FINISHED.includes(name) || UNFINISHED.test(name);
}

/**
 * A folder without anything, or with nothing but an unfinished file, is what a killed call has left.
 *
 * @throws {LayerError} LAYER_FORMAT
 */
function requireRemovable(path: string, names: readonly string[], force: boolean): void {
  const hint = "Remove the folder by hand if that is what you want";
  const isLeftover = names.every((name) => UNFINISHED.test(name));
  if (!isLeftover && !isLayer(names) && !(force && names.some(isOwnName)))
    throw layerFault("LAYER_FORMAT", path, ["remove", "its folder is not that of a layer", hint]);
  const stranger = names.find((name) => !isOwnName(name));
  if (stranger === undefined || force) return;
  const found = `its folder holds "${stranger}", which is not part of a layer`;
  throw layerFault("LAYER_FORMAT", path, ["remove", found, hint]);
}

/**
 * Removes a layer with its folder; an absent one is no error.
 *
 * @throws {LayerError} LAYER_BUSY if it is in use, LAYER_FORMAT if it is no layer or holds what is not of a layer
 */
export async function destroyLayer(
  context: LayerContext,
  path: string,
  { force = false }: DestroyOptions = {},
): Promise<void> {
  const { machine } = context;
  const folder = resolve(path);
  const look = await layerStep(path, ["remove", "its path"], () => machine.lookAtFile(folder));
  if (look === undefined) return;
  if (look.type !== "folder") throw layerFault("LAYER_FORMAT", path, ["remove", "it is not a folder"]);
  const layer = (await machine.resolvePath(folder)) ?? folder;
  const names = await machine.list(layer);
  requireRemovable(path, names, force);
  await withPlace(context, layer, async (held) => {
    const files = LAYER_FILES.filter((name) => names.includes(name)).map((name) => join(layer, name));
    const attached = await Promise.all(files.map((file) => machine.isAttached(file)));
    if (
      isInUse(held.record) ||
      attached.includes(true) ||
      (await shownMount(machine, held.place)) !== undefined
    )
      throw layerFault("LAYER_BUSY", path, ["remove", "it is in use", "Unmount what uses it first"]);
    await layerStep(path, ["remove", "removing its folder"], async () => {
      for (const name of names) await machine.remove(join(layer, name));
      await machine.removeEmptyFolder(layer);
    });
  });
}
