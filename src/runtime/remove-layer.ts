import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import { LayerError } from "../base/errors.ts";
import { ifExists } from "../base/files.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Removes a layer or a scratch with its folder.
 *
 * @param force removes also what is not part of a layer; an absent folder is no error then
 * @throws {LayerError} LAYER_NOT_FOUND if it does not exist, LAYER_BUSY if it is in use, LAYER_FORMAT if it is no layer
 */
export async function removeLayer({ layers: store }: Runtime, path: string, force: boolean): Promise<void> {
  const folder = resolve(path);
  if (!force && ifExists(() => lstatSync(folder)) === undefined) {
    throw new LayerError("LAYER_NOT_FOUND", path, `Cannot remove layer "${path}": it does not exist`);
  }
  await store.destroyLayer(folder, { force });
}
