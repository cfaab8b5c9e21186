import { closeSync, ftruncateSync } from "node:fs";
import type { ByteSink, ByteSource } from "../formats/byte-io.ts";
import { StoredFile } from "../formats/disk/stored-file.ts";
import { identifyImage } from "../formats/ext4/identify-image.ts";
import { FileSink } from "../formats/file-sink.ts";
import { FileSource } from "../formats/file-source.ts";
import { FormatError, inContext } from "../formats/format-error.ts";
import { VhdxDisk } from "../formats/vhdx/vhdx-disk.ts";
import { VhdxReader } from "../formats/vhdx/vhdx-reader.ts";
import { openFile } from "./open-disk-file.ts";

const CHUNK_SIZE = 1024 * 1024;
/** Zeros of this many bytes side by side are left out of a copy. */
const HOLE_SIZE = 64 * 1024;

/**
 * Copies the scratch at `source` into an open file and gives the copy an identity of its own.
 *
 * @returns length of the copy in bytes
 * @throws {LayerError} if the source cannot be opened
 * @throws {FormatError} if it is no VHDX with a disk of `size` bytes
 */
export function copyScratch(
  source: string,
  { fd, size, uuid }: { fd: number; size: number; uuid: Uint8Array },
): number {
  const from = openFile(source);
  try {
    const input = new FileSource(from);
    requireScratch(source, input, size);
    copySparsely(input, new FileSink(fd));
    ftruncateSync(fd, input.size);
  } finally {
    closeSync(from);
  }
  const copy = new UnnamedFile(fd);
  const disk = new VhdxDisk(copy);
  disk.identify(uuid);
  identifyImage(disk, uuid);
  disk.flush();
  return copy.size;
}

/** A file that nobody sees before it is complete: in which order its bytes get to the device does not matter. */
class UnnamedFile extends StoredFile {
  override flush(): void {}
}

function requireScratch(path: string, input: ByteSource, size: number): void {
  const fault = faultOf(input, size);
  if (fault === undefined) return;
  const found = new FormatError(fault, { hint: "Remove the file, and it is made anew" });
  throw inContext(`Cannot use the scratch cache "${path}"`, found);
}

function faultOf(input: ByteSource, size: number): string | undefined {
  try {
    const found = new VhdxReader(input).size;
    return found === size ? undefined : `its disk has ${found} bytes instead of ${size}`;
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}

function copySparsely(input: ByteSource, output: ByteSink): void {
  const chunk = Buffer.allocUnsafe(CHUNK_SIZE);
  const zeros = Buffer.alloc(HOLE_SIZE);
  for (let position = 0; position < input.size; position += CHUNK_SIZE) {
    const bytes = chunk.subarray(0, Math.min(CHUNK_SIZE, input.size - position));
    input.read(bytes, position);
    for (let at = 0; at < bytes.length; at += HOLE_SIZE) {
      const part = bytes.subarray(at, at + HOLE_SIZE);
      if (!part.equals(zeros.subarray(0, part.length))) output.write([part], position + at);
    }
  }
}
