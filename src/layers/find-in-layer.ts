import { LayerError } from "../base/errors.ts";
import type { Ext4Reader, FoundFile } from "../formats/ext4/reader/ext4-reader.ts";
import { findPath } from "../formats/ext4/reader/find-path.ts";
import { quoteName } from "../formats/format-error.ts";

/**
 * Finds a file of a layer's image, following symlinks within the image.
 *
 * @param path as the user gave it, UTF-8
 * @throws {LayerError} LAYER_NOT_FOUND if there is none
 * @throws {FormatError} if the image is damaged
 */
export function findInLayer(reader: Ext4Reader, path: string): FoundFile {
  const name = Buffer.from(path, "utf8").toString("latin1");
  const found = findPath(reader, name);
  if (found !== undefined) return found;
  throw new LayerError(
    "LAYER_NOT_FOUND",
    path,
    `Cannot find ${quoteName(name)} in the image: it does not exist`,
  );
}
