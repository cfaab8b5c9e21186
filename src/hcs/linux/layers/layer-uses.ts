/** Uses of layers that callers count themselves. */
import { layerFault } from "./layer-fault.ts";
import { openLayer } from "./layer-folder.ts";
import { layOver, mountDisk } from "./mount-layer.ts";
import { findPlace, readRecord, type LayerContext, type MountRecord } from "./mount-place.ts";
import { shownMount } from "./settle.ts";
import { withPlace } from "./with-place.ts";

/** Mounts the disk of a layer, and counts one more use. @throws {LayerError} */
export async function activateLayer(context: LayerContext, path: string): Promise<void> {
  const layer = await openLayer(context.machine, path);
  await withPlace(context, layer.path, async (held) => {
    await mountDisk(held, layer);
    held.record.activations++;
    await held.save();
  });
}

/** Gives one use back. @throws {LayerError} LAYER_NOT_FOUND if there is none, LAYER_BUSY if it is the last of a prepared layer */
export async function deactivateLayer(context: LayerContext, path: string): Promise<void> {
  await changeUses(context, path, (record) => {
    if (record.activations === 0) throw layerFault("LAYER_NOT_FOUND", path, ["unmount", "it is not mounted"]);
    if (record.activations === 1 && record.preparations + record.systems.length > 0)
      throw layerFault("LAYER_BUSY", path, ["unmount", "it still lies over other layers"]);
    record.activations--;
  });
}

/** Lays an activated layer over others, and counts one more use. @throws {LayerError} */
export async function prepareLayer(
  context: LayerContext,
  path: string,
  parents: readonly string[],
): Promise<void> {
  const layer = await openLayer(context.machine, path);
  await withPlace(context, layer.path, async (held) => {
    if (held.record.activations === 0)
      throw layerFault("LAYER_NOT_FOUND", path, ["mount", "its disk is not mounted"]);
    await layOver(held, layer, parents);
    held.record.preparations++;
    await held.save();
  });
}

/** Gives one use back. @throws {LayerError} LAYER_NOT_FOUND if there is none */
export async function unprepareLayer(context: LayerContext, path: string): Promise<void> {
  await changeUses(context, path, (record) => {
    if (record.preparations === 0)
      throw layerFault("LAYER_NOT_FOUND", path, ["unmount", "it does not lie over other layers"]);
    record.preparations--;
  });
}

async function changeUses(
  context: LayerContext,
  path: string,
  change: (record: MountRecord) => void,
): Promise<void> {
  const [, layer] = await findPlace(context, path);
  await withPlace(context, layer, async ({ record, save }) => {
    change(record);
    await save();
  });
}

/**
 * Where the files of a layer are seen. A scratch is seen over its parents only.
 *
 * @throws {LayerError} LAYER_NOT_FOUND
 */
export async function mountPath(context: LayerContext, path: string): Promise<string> {
  const [place] = await findPlace(context, path);
  const record = await readRecord(context.machine, place);
  const shown = record === undefined ? undefined : (await shownMount(context.machine, place))?.mountPoint;
  const isSeen = shown === place.root || (await openLayer(context.machine, path)).kind === "image";
  if (shown !== undefined && isSeen) return shown;
  throw layerFault("LAYER_NOT_FOUND", path, ["find", "it is not mounted"]);
}
