import { cleanUpAfter } from "../../../base/errors.ts";
import type { Machine } from "../machine.ts";
import { layerFault, layerStep } from "./layer-fault.ts";
import {
  holdPlace,
  mountsFolder,
  placeOf,
  type HeldPlace,
  type LayerContext,
  type MountPlace,
} from "./mount-place.ts";
import { settle } from "./settle.ts";

const LOCK_POLL_MS = 5;
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Acts on the mounts of a layer while no other call changes them; afterwards what nobody uses (any more) is removed.
 *
 * @param layer path of the layer's folder, without links
 * @throws {LayerError} LAYER_BUSY if another call is at work for too long
 */
export async function withPlace<T>(
  context: LayerContext,
  layer: string,
  act: (held: HeldPlace) => Promise<T>,
): Promise<T> {
  const step = ["use", `keeping its mounts in "${context.root}"`] as const;
  return layerStep(layer, step, () => withLock(context, layer, act));
}

async function withLock<T>(
  context: LayerContext,
  layer: string,
  act: (held: HeldPlace) => Promise<T>,
): Promise<T> {
  const { machine } = context;
  const place = placeOf(await mountsFolder(context), layer);
  const unlock = await lockPlace(machine, place, layer);
  try {
    const held = await holdPlace(machine, place, layer);
    let result: T;
    try {
      result = await act(held);
    } catch (error) {
      throw await cleanUpAfter(error, () => settle(held));
    }
    await settle(held);
    return result;
  } finally {
    await unlock();
  }
}

async function lockPlace(machine: Machine, place: MountPlace, layer: string): Promise<() => Promise<void>> {
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    await machine.makeFolder(place.path);
    const unlock = await machine.lock(place.lock);
    if (unlock !== undefined) return unlock;
    if (Date.now() > deadline) {
      const found = `another call has been at work on it for ${LOCK_TIMEOUT_MS / 1000} s`;
      throw layerFault("LAYER_BUSY", layer, ["mount", found]);
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}
