import { writevSync } from "node:fs";
import type { ByteSink } from "./byte-io.ts";

/** Writes to an open file by position, many chunks per system call. */
export class FileSink implements ByteSink {
  readonly #fd: number;

  /** The caller keeps `fd`, closes it, and sets the file's length in the end. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    let left = chunks;
    let at = position;
    while (left.length > 0) {
      const written = writevSync(this.#fd, left, at);
      at += written;
      left = skip(left, written);
    }
  }
}

function skip(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(index + 1)];
    left -= chunk.length;
  }
  return [];
}
