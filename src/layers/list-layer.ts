import type { ByteSource } from "../formats/byte-io.ts";
import { Ext4Reader, type FoundFile } from "../formats/ext4/reader/ext4-reader.ts";
import { findInLayer } from "./find-in-layer.ts";

/**
 * Lists files of a layer's image, ordered by the bytes of their names: what a directory holds, or the file itself.
 * Paths of what a directory holds count from the image's root.
 *
 * @param source the disk with the image
 * @param path UTF-8; symlinks are followed within the image
 * @throws {LayerError} LAYER_NOT_FOUND if there is no such file
 * @throws {FormatError} if the image is damaged
 */
export function listLayer(source: ByteSource, path = "/"): FoundFile[] {
  const reader = new Ext4Reader(source);
  const found = findInLayer(reader, path);
  return found.entry.type === "directory" ? reader.children(found) : [found];
}

/**
 * Lists everything below a directory of a layer's image, a directory before what it holds, or the file itself; paths
 * as `listLayer` has them. Takes one file at a time, however many there are.
 *
 * @throws {LayerError} LAYER_NOT_FOUND if there is no such file
 * @throws {FormatError} if the image is damaged
 */
export function* listLayerTree(source: ByteSource, path = "/"): Generator<FoundFile, void> {
  const reader = new Ext4Reader(source);
  const top = findInLayer(reader, path);
  if (top.entry.type !== "directory") return yield top;
  const prefix = top.entry.path === "" ? "" : `${top.entry.path}/`;
  for (const file of reader.walk(top)) {
    if (file.entry.path === "") continue;
    yield { ...file, entry: { ...file.entry, path: `${prefix}${file.entry.path}` } };
  }
}
