import { resolve } from "node:path";
import type { Runtime } from "./runtime.ts";

/** Bytes of a scratch unless another size is asked for, as for every container of HCS. */
const DEFAULT_SIZE = 20 * 2 ** 30;

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
  sizeBytes = DEFAULT_SIZE,
): Promise<void> {
  const parents = layers.map((layer) => resolve(layer));
  await store.createScratch(resolve(path), parents, sizeBytes);
}
