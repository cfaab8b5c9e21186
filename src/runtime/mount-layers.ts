import { resolve } from "node:path";
import { cleanUpAfter } from "../base/errors.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Mounts a scratch over layers, or a read-only layer, until it is unmounted.
 *
 * @param target an empty folder at which the files are to be seen too
 * @param layers top-most first; none mounts a read-only layer alone
 * @returns the folder at which the files are seen
 * @throws {LayerError}
 */
export async function mountLayers(
  { layers: store }: Runtime,
  scratch: string,
  target: string | undefined,
  layers: readonly string[],
): Promise<string> {
  const path = resolve(scratch);
  const undo: (() => Promise<void>)[] = [];
  try {
    await store.activateLayer(path);
    undo.push(() => store.deactivateLayer(path));
    if (layers.length > 0) {
      const parents = layers.map((layer) => resolve(layer));
      await store.prepareLayer(path, parents);
      undo.push(() => store.unprepareLayer(path));
    }
    const mounted = await store.mountPath(path);
    if (target === undefined) return mounted;
    await store.showAt(path, resolve(target));
    return resolve(target);
  } catch (error) {
    throw await cleanUpAfter(error, async () => {
      for (const step of undo.toReversed()) await step();
    });
  }
}
