import { resolve } from "node:path";
import type { Runtime } from "./runtime.ts";

/**
 * Removes a layer or a scratch with its folder; an absent one is no error.
 *
 * @param force removes also what is not part of a layer
 * @throws {LayerError} LAYER_BUSY if it is in use, LAYER_FORMAT if it is no layer
 */
export async function removeLayer({ layers: store }: Runtime, path: string, force: boolean): Promise<void> {
  await store.destroyLayer(resolve(path), { force });
}
