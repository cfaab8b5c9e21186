/** Removes the mounts of a layer that nobody uses any more, whole or half-made. */
import { LayerError } from "../../../base/errors.ts";
import type { Machine } from "../machine.ts";
import { readMounts, type Mount } from "../mount-table.ts";
import { endDaemon } from "./disk-daemon.ts";
import { layerFault, layerStep } from "./layer-fault.ts";
import type { HeldPlace, MountPlace } from "./mount-place.ts";

/** How often, and how many times, a mount is tried to be removed whose last process has just ended. */
const POLL_MS = 20;
const POLLS = 150;

/** Makes the mounts of a layer what its record says: what it names no use of is taken apart. */
export async function settle(held: HeldPlace): Promise<void> {
  const { activations, preparations, systems } = held.record;
  if (preparations + systems.length > 0) return;
  await takeOverlayApart(held);
  if (activations > 0) return;
  await takeDiskApart(held);
  await removePlace(held.machine, held.place);
}

/** Unmounts the layer's own disk, whole or half-made. */
export async function takeDiskApart(held: HeldPlace): Promise<void> {
  const { machine, place, record } = held;
  await hideFrom(held, place.disk, record.targets);
  await unmountAll(held, ({ mountPoint }) => mountPoint === place.disk);
  await endDaemon(machine, place, record.layer);
  await machine.remove(place.exportFile);
  await machine.remove(place.pidFile);
}

/** Takes a layer from those below it. */
export async function takeOverlayApart(held: HeldPlace): Promise<void> {
  const { place, record } = held;
  await hideFrom(held, place.root, record.targets);
  const isOverlay = ({ mountPoint }: Mount): boolean =>
    mountPoint === place.root || mountPoint.startsWith(`${place.lower}/`);
  await unmountAll(held, isOverlay);
  if (record.parents.length === 0) return;
  record.parents = [];
  if (record.activations > 0) await held.save();
}

/** Unmounts what is mounted at `source` from further folders, unless somebody has mounted something else there. */
export async function hideFrom(held: HeldPlace, source: string, targets: readonly string[]): Promise<void> {
  if (targets.length === 0) return;
  const mounts = await readMounts(held.machine);
  const shown = mounts.findLast(({ mountPoint }) => mountPoint === source);
  if (shown === undefined) return;
  const isShown = ({ mountPoint, device }: Mount): boolean =>
    targets.includes(mountPoint) && device === shown.device;
  await unmountAll(held, isShown);
  held.record.targets = held.record.targets.filter((target) => !targets.includes(target));
}

/** The mount at which the files of a layer are seen. */
export async function shownMount(machine: Machine, place: MountPlace): Promise<Mount | undefined> {
  const mounts = await readMounts(machine);
  return (
    mounts.findLast(({ mountPoint }) => mountPoint === place.root) ??
    mounts.findLast(({ mountPoint }) => mountPoint === place.disk)
  );
}

/** Unmounts what is chosen, the last mount first. */
async function unmountAll(held: HeldPlace, isChosen: (mount: Mount) => boolean): Promise<void> {
  for (const { mountPoint } of (await readMounts(held.machine)).filter(isChosen).toReversed())
    await unmountPatiently(held, mountPoint);
}

async function unmountPatiently({ machine, record }: HeldPlace, mountPoint: string): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    try {
      const step = ["unmount", `unmounting "${mountPoint}"`] as const;
      await layerStep(record.layer, step, () => machine.unmount(mountPoint));
      return;
    } catch (error) {
      if (!(error instanceof LayerError && error.code === "LAYER_BUSY")) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const found = `something in "${mountPoint}" is in use`;
  throw layerFault("LAYER_BUSY", record.layer, ["unmount", found, `See what with: fuser -vm ${mountPoint}`]);
}

/** Removes one by one what belongs to a place: anything else, and all that is mounted, is not ours to remove. */
async function removePlace(machine: Machine, place: MountPlace): Promise<void> {
  for (const name of await machine.list(place.lower))
    await machine.removeEmptyFolder(`${place.lower}/${name}`);
  for (const folder of [place.lower, place.root, place.disk]) await machine.removeEmptyFolder(folder);
  for (const name of await machine.list(place.path)) {
    // What replaces the record may have been killed before it had its final name.
    if (/^(?:record\.json|\.record\.json\.\d+)$/.test(name)) await machine.remove(`${place.path}/${name}`);
  }
  await machine.remove(place.lock);
  await machine.removeEmptyFolder(place.path);
}
