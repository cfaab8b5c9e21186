import type { ByteSource } from "../formats/byte-io.ts";
import { Ext4Reader, type FoundFile } from "../formats/ext4/reader/ext4-reader.ts";
import { FormatError } from "../formats/format-error.ts";
import { findInLayer } from "./find-in-layer.ts";

const ZEROS_SIZE = 2 ** 20;

/**
 * Reads the contents of one file of a layer's image, holes as zeros.
 *
 * @param source the disk with the image
 * @param path UTF-8; symlinks are followed within the image
 * @param write takes the contents in chunks, which are valid during the call only
 * @returns the file
 * @throws {LayerError} LAYER_NOT_FOUND if there is no such file
 * @throws {FormatError} if it is no regular file, or the image is damaged
 */
export function readLayerFile(source: ByteSource, path: string, write: (chunk: Buffer) => void): FoundFile {
  const reader = new Ext4Reader(source);
  const found = findInLayer(reader, path);
  const { type } = found.entry;
  if (type !== "file") throw new FormatError(`Cannot read "${path}": it is a ${type}`);
  const zeros = Buffer.alloc(Math.min(found.entry.size, ZEROS_SIZE));
  reader.read(found, {
    data: write,
    hole(length) {
      for (let left = length; left > 0; left -= zeros.length) write(zeros.subarray(0, left));
    },
  });
  return found;
}
