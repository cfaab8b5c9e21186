import { resolve } from "node:path";
import { LayerError } from "../base/errors.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Unmounts what `mountLayers` has mounted.
 *
 * @param path the folder of the scratch, its mount path, or the folder at which it is seen too
 * @throws {LayerError} LAYER_NOT_FOUND if nothing is mounted there, LAYER_BUSY if it is in use
 */
export async function unmountLayers({ layers: store }: Runtime, path: string): Promise<void> {
  const asked = resolve(path);
  const layer = await store.mountedLayer(asked);
  if (layer === undefined) {
    const message = `Cannot unmount "${path}": no layer is mounted there`;
    throw new LayerError("LAYER_NOT_FOUND", path, message);
  }
  await store.hideFrom(layer, asked);
  try {
    await store.unprepareLayer(layer);
  } catch (error) {
    // A read-only layer can be mounted without others below it.
    if (!(error instanceof LayerError && error.code === "LAYER_NOT_FOUND")) throw error;
  }
  await store.deactivateLayer(layer);
}
