import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LayerError } from "../base/errors.ts";
import { ifExists } from "../base/files.ts";
import { expandLayer, type ExpandedLayer } from "../layers/expand-layer.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Makes the disk of a scratch larger, and the file system in it: that of a scratch's folder, or a disk by its file.
 *
 * @returns what has become of a disk that was named by its file
 * @throws {LayerError} LAYER_BUSY while it is mounted; or what `expandLayer` throws
 */
export async function expandDisk(
  { layers }: Runtime,
  path: string,
  sizeBytes: number,
): Promise<ExpandedLayer | undefined> {
  const absolute = resolve(path);
  if (ifExists(() => statSync(absolute))?.isDirectory() === true) {
    await layers.expandScratch(absolute, sizeBytes);
    return undefined;
  }
  const mounted = await layers.mountedLayer(dirname(absolute));
  if (mounted === undefined) return expandLayer(path, sizeBytes);
  throw new LayerError("LAYER_BUSY", path, `Cannot expand "${path}": the scratch "${mounted}" is mounted`, {
    hint: "Unmount it first",
  });
}
