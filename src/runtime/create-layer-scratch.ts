import { resolve } from "node:path";
import type { Runtime } from "./runtime.ts";

/**
 * Makes a new scratch for a container over layers.
 *
 * @param layers top-most first
 * @throws {LayerError} LAYER_EXISTS
 */
export async function createLayerScratch(
  { layers: store }: Runtime,
  path: string,
  layers: readonly string[],
  sizeBytes: number,
): Promise<void> {
  const parents = layers.map((layer) => resolve(layer));
  await store.createScratch(resolve(path), parents, sizeBytes);
}
