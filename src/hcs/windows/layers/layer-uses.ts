/** Uses of layers that callers count themselves. */
import { resolve } from "node:path";
import { cleanUpAfter } from "../../../base/errors.ts";
import { layerFault } from "../../layer-fault.ts";
import { FILTER_DRIVER, describeLayers, layerCall, type LayerContext } from "./layer-context.ts";
import { isScratch, requireFolder } from "./layer-folder.ts";
import {
  isSamePath,
  oneAtATime,
  readRecord,
  withLayer,
  type HeldLayer,
  type LayerRecord,
} from "./layer-record.ts";
import { hideAll } from "./mount-points.ts";

/** Mounts the disk of a layer, and counts one more use. @throws {LayerError} */
export async function activateLayer(context: LayerContext, path: string): Promise<void> {
  requireFolder(path);
  const { vmcompute } = context.bindings;
  await withWholeLayer(context, path, async (held) => {
    const { record } = held;
    if (record.activations === 0) {
      const activate = () => layerCall(path, "mount", vmcompute.ActivateLayer(FILTER_DRIVER, record.layer));
      await announced(held, "activate", activate);
    }
    record.activations++;
    await saved(held, () => unmount(context, record));
  });
}

/**
 * Gives one use back; the last one unmounts the disk.
 *
 * @throws {LayerError} LAYER_NOT_FOUND if there is none, LAYER_BUSY if it is the last of a prepared layer
 */
export async function deactivateLayer(context: LayerContext, path: string): Promise<void> {
  const { vmcompute } = context.bindings;
  await withWholeLayer(context, path, async (held) => {
    const { record } = held;
    if (record.activations === 0) throw layerFault("LAYER_NOT_FOUND", path, ["unmount", "it is not mounted"]);
    if (record.activations === 1 && record.preparations > 0)
      throw layerFault("LAYER_BUSY", path, ["unmount", "it still lies over other layers"]);
    if (record.activations === 1) {
      await hideAll(context, held);
      await announced(held, "activate", () =>
        layerCall(path, "unmount", vmcompute.DeactivateLayer(FILTER_DRIVER, record.layer)),
      );
    }
    record.activations--;
    held.save();
  });
}

/** Lays an activated scratch over its parents, and counts one more use. @throws {LayerError} */
export async function prepareLayer(
  context: LayerContext,
  path: string,
  parents: readonly string[],
): Promise<void> {
  requireFolder(path);
  await withWholeLayer(context, path, async (held) => {
    const { record } = held;
    if (record.activations === 0)
      throw layerFault("LAYER_NOT_FOUND", path, ["mount", "its disk is not mounted"]);
    requireParents(record, path, parents);
    if (record.preparations === 0) await layOver(context, held, parents);
    record.preparations++;
    record.parents = parents.map((parent) => resolve(parent));
    await saved(held, () => takeOff(context, record));
  });
}

/** Gives one use back; the last one takes the scratch from its parents. @throws {LayerError} LAYER_NOT_FOUND */
export async function unprepareLayer(context: LayerContext, path: string): Promise<void> {
  const { vmcompute } = context.bindings;
  await withWholeLayer(context, path, async (held) => {
    const { record } = held;
    if (record.preparations === 0)
      throw layerFault("LAYER_NOT_FOUND", path, ["unmount", "it does not lie over other layers"]);
    if (record.preparations === 1) {
      await hideAll(context, held);
      await announced(held, "prepare", () =>
        layerCall(path, "unmount", vmcompute.UnprepareLayer(FILTER_DRIVER, record.layer)),
      );
      record.parents = [];
    }
    record.preparations--;
    held.save();
  });
}

/** Where the files of a prepared scratch, or of an activated layer, are seen. @throws {LayerError} LAYER_NOT_FOUND */
export async function mountPath(context: LayerContext, path: string): Promise<string> {
  const record = readRecord(context.keys, path);
  const isSeen = record !== undefined && record.step === undefined && record.activations > 0;
  if (!isSeen || (record.preparations === 0 && isScratch(path)))
    throw layerFault("LAYER_NOT_FOUND", path, ["find", "it is not mounted"]);
  return askMountPath(context, record.layer);
}

/** Asks the service for the mount path, in two calls: for its length in characters, then for the text. */
export async function askMountPath({ bindings }: LayerContext, path: string): Promise<string> {
  const ask = bindings.vmcompute.GetLayerMountPath;
  const [length] = await layerCall(path, "find", ask(FILTER_DRIVER, path, 0, null));
  if (length > LONGEST_PATH)
    throw layerFault("LAYER_IO", path, ["find", `its mount path would have ${length} characters`]);
  const text = Buffer.alloc(length * 2);
  await layerCall(path, "find", ask(FILTER_DRIVER, path, length, text));
  return text.toString("utf16le").split("\0", 1)[0] ?? "";
}

/** In characters, with the final NUL. */
const LONGEST_PATH = 32_768;

function requireParents(record: LayerRecord, path: string, parents: readonly string[]): void {
  if (!isScratch(path))
    throw layerFault("LAYER_FORMAT", path, [
      "mount",
      "it is no scratch, and only a scratch lies over others",
    ]);
  if (parents.length === 0) throw layerFault("LAYER_FORMAT", path, ["mount", "no layers below it are named"]);
  for (const parent of parents) requireFolder(parent);
  const areSame =
    record.parents.length === parents.length &&
    parents.every((parent, at) => isSamePath(parent, record.parents[at] ?? ""));
  if (record.preparations > 0 && !areSame)
    throw layerFault("LAYER_BUSY", path, ["mount", "it already lies over other layers"]);
}

async function layOver(context: LayerContext, held: HeldLayer, parents: readonly string[]): Promise<void> {
  const { layer } = held.record;
  const layers = await describeLayers(context, parents);
  const prepare = () =>
    layerCall(layer, "mount", context.bindings.vmcompute.PrepareLayer(FILTER_DRIVER, layer, layers));
  await announced(held, "prepare", () => oneAtATime(context, layer, prepare));
}

/** Takes apart first what a killed call has left half made. */
async function withWholeLayer<T>(
  context: LayerContext,
  path: string,
  act: (held: HeldLayer) => Promise<T>,
): Promise<T> {
  return withLayer(context, path, async (held) => {
    const { record } = held;
    if (record.step !== undefined) {
      await hideAll(context, held);
      await takeOff(context, record);
      if (record.step === "activate") await unmount(context, record);
      delete record.step;
      held.save();
    }
    return act(held);
  });
}

/** Does a step that is written down before it is begun. When it fails, everything is as it was. */
export async function announced(
  held: HeldLayer,
  step: "activate" | "prepare",
  act: () => Promise<unknown>,
): Promise<void> {
  held.record.step = step;
  held.save();
  try {
    await act();
  } catch (error) {
    delete held.record.step;
    throw await cleanUpAfter(error, held.save);
  }
  delete held.record.step;
}

/** Writes down a use that has been made; if that cannot be done, there is no use. */
async function saved(held: HeldLayer, undo: () => Promise<void>): Promise<void> {
  try {
    held.save();
  } catch (error) {
    throw await cleanUpAfter(error, undo);
  }
}

/** Whatever it finds: what is absent cannot be undone. */
async function takeOff({ bindings }: LayerContext, record: LayerRecord): Promise<void> {
  if (record.preparations > 1) return;
  await bindings.vmcompute.UnprepareLayer(FILTER_DRIVER, record.layer);
  record.preparations = 0;
  record.parents = [];
}

async function unmount({ bindings }: LayerContext, record: LayerRecord): Promise<void> {
  if (record.activations > 1) return;
  await bindings.vmcompute.DeactivateLayer(FILTER_DRIVER, record.layer);
  record.activations = 0;
}
