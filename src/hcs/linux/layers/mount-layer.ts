/** Mounts a layer: its own disk, and the layer over those below it. */
import { join } from "node:path";
import { cleanUpAfter } from "../../../base/errors.ts";
import type { AttachOptions, Machine } from "../machine.ts";
import { MOUNT_FLAG } from "../mount-flags.ts";
import { readMounts } from "../mount-table.ts";
import { daemonRuns, startDaemon } from "./disk-daemon.ts";
import { layerFault, layerStep } from "./layer-fault.ts";
import { openImage, type ImageLayer, type ScratchLayer } from "./layer-folder.ts";
import { isInUse, type HeldPlace } from "./mount-place.ts";
import { takeDiskApart, takeOverlayApart } from "./settle.ts";

/**
 * What lies below overlayfs is seen by nobody, and overlayfs asks only for its own flags. The mounts that are seen have
 * none of these: programs with set-user-id bits and device files are part of a root file system.
 */
const HIDDEN = MOUNT_FLAG.noSetUserId | MOUNT_FLAG.noDevices | MOUNT_FLAG.noExecution;

/** An image has no journal to load, and decides neither about a panic of the kernel. */
const IMAGE_OPTIONS = "noload,errors=continue";
const SCRATCH_OPTIONS = "errors=remount-ro";

/** Changes that are plain files, so that a layer can be made of them; and no redirection that an image asks for. */
const OVERLAY_OPTIONS = "redirect_dir=nofollow,metacopy=off,index=off";

/** How many layers can lie below one: their names have to fit into one page. */
export const PARENTS_MAX = 200;

type Layer = ImageLayer | ScratchLayer;

/** Mounts the disk of a layer, unless it is mounted. @throws {LayerError} */
export async function mountDisk(held: HeldPlace, layer: Layer): Promise<void> {
  const { machine, place, record } = held;
  if (layer.kind === "folder") return held.save();
  if (await isMounted(machine, place.disk)) {
    if (layer.kind !== "vhdx" || (await daemonRuns(machine, place))) return;
    throw layerFault("LAYER_IO", layer.path, ["mount", "the daemon of its disk has ended; unmount it first"]);
  }
  if (isInUse(record))
    throw layerFault("LAYER_IO", layer.path, ["mount", "its disk was unmounted by another program"]);
  await takeDiskApart(held);
  await held.save();
  await machine.makeFolder(place.disk);
  if (layer.kind === "image") return mountImage(machine, layer, place.disk, 0);
  if (layer.kind === "vhdx") await startDaemon(machine, place, layer);
  const file = layer.kind === "vhdx" ? place.exportFile : layer.file;
  await mountFile(machine, { file, target: place.disk, flags: HIDDEN, data: SCRATCH_OPTIONS }, layer.path);
}

/** Mounts a read-only layer; its device is shared with all who have it mounted. */
async function mountImage(machine: Machine, image: ImageLayer, target: string, flags: number): Promise<void> {
  const { file, size, path } = image;
  const mount = { file, target, flags: flags | MOUNT_FLAG.readOnly, data: IMAGE_OPTIONS, size };
  await mountFile(machine, mount, path);
}

interface FileMount extends Omit<AttachOptions, "readOnly"> {
  file: string;
  target: string;
  flags: number;
  data: string;
}

async function mountFile(
  machine: Machine,
  { file, target, flags, data, ...rest }: FileMount,
  layer: string,
): Promise<void> {
  const readOnly = (flags & MOUNT_FLAG.readOnly) !== 0;
  const attached = await layerStep(layer, ["mount", "attaching its disk to a loop device"], () =>
    machine.attachFile(file, { readOnly, ...rest }),
  );
  try {
    await layerStep(layer, ["mount", "mounting its disk as ext4"], () =>
      machine.mount({ source: attached.device, target, type: "ext4", flags, data }),
    );
  } finally {
    await attached.release();
  }
}

/**
 * Lays a layer whose disk is mounted over others, unless that is done; a read-only one gives a read-only view.
 *
 * @param parents top-most first
 * @throws {LayerError} LAYER_BUSY if it lies over others already
 */
export async function layOver(held: HeldPlace, layer: Layer, parents: readonly string[]): Promise<void> {
  const { machine, place, record } = held;
  const images = await openParents(held, layer, parents);
  const paths = images.map(({ path }) => path);
  if (await isMounted(machine, place.root)) {
    if (paths.join("\0") === record.parents.join("\0")) return;
    throw layerFault("LAYER_BUSY", layer.path, ["mount", "it is mounted over other layers"]);
  }
  await takeOverlayApart(held);
  record.parents = paths;
  await held.save();
  await machine.makeFolder(place.root);
  const lower: string[] = [];
  try {
    for (const image of images) {
      const folder = join(place.lower, String(lower.length));
      await machine.makeFolder(folder);
      await mountImage(machine, image, folder, HIDDEN);
      lower.push(folder);
    }
    await mountOverlay(held, layer, lower);
  } catch (error) {
    throw await cleanUpAfter(error, () => unmountBelow(machine, layer, lower));
  }
  await unmountBelow(machine, layer, lower);
}

/** Overlayfs keeps hold of the file systems below itself. */
async function unmountBelow(machine: Machine, layer: Layer, folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) {
    const step = ["mount", "unmounting a layer below"] as const;
    await layerStep(layer.path, step, () => machine.unmount(folder));
    await machine.removeEmptyFolder(folder);
  }
}

async function openParents(
  { machine }: HeldPlace,
  layer: Layer,
  parents: readonly string[],
): Promise<ImageLayer[]> {
  if (parents.length === 0)
    throw layerFault("LAYER_FORMAT", layer.path, ["mount", "no layer to lie over is named"]);
  if (parents.length > PARENTS_MAX) {
    const found = `${parents.length} layers to lie over are named, at most ${PARENTS_MAX} can be`;
    throw layerFault("LAYER_FORMAT", layer.path, ["mount", found]);
  }
  const images: ImageLayer[] = [];
  for (const path of parents) {
    const image = await openImage(machine, path);
    if ([layer, ...images].some((other) => other.path === image.path))
      throw layerFault("LAYER_FORMAT", layer.path, ["mount", `layer "${image.path}" is named twice`]);
    images.push(image);
  }
  return images;
}

async function mountOverlay({ machine, place }: HeldPlace, layer: Layer, lower: string[]): Promise<void> {
  const upper =
    layer.kind === "image" ? undefined : await changeFolders(machine, place.disk, layer, lower[0] ?? "");
  await layerStep(layer.path, ["mount", "laying it over the others with overlayfs"], () =>
    machine.mountOverlay({
      target: place.root,
      lower: layer.kind === "image" ? [place.disk, ...lower] : lower,
      ...(upper === undefined ? {} : { upper }),
      options: OVERLAY_OPTIONS,
    }),
  );
}

/** The root folder's owner and mode are those of the changes, so new ones get them from the layer below. */
async function changeFolders(
  machine: Machine,
  disk: string,
  layer: ScratchLayer,
  below: string,
): Promise<{ folder: string; work: string }> {
  const parent = layer.kind === "folder" ? layer.path : disk;
  const changes = { folder: join(parent, "upper"), work: join(parent, "work") };
  await layerStep(layer.path, ["mount", "making folders in its scratch"], async () => {
    const look = await machine.lookAtFile(below);
    if ((await machine.makeFolder(changes.folder)) && look !== undefined)
      await machine.setOwner(changes.folder, look);
    await machine.makeFolder(changes.work);
  });
  return changes;
}

async function isMounted(machine: Machine, folder: string): Promise<boolean> {
  return (await readMounts(machine)).some(({ mountPoint }) => mountPoint === folder);
}
