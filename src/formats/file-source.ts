import { fstatSync, readSync } from "node:fs";
import { requireInside, type ByteSource } from "./byte-io.ts";
import { FormatError } from "./format-error.ts";

/** Reads an open file by position. */
export class FileSource implements ByteSource {
  readonly size: number;
  readonly #fd: number;

  /** The caller keeps `fd` and closes it. `size` is that of the file, unless it is a device. */
  constructor(fd: number, size = fstatSync(fd).size) {
    this.#fd = fd;
    this.size = size;
  }

  read(target: Uint8Array, position: number): void {
    requireInside(this, position, target.length);
    for (let done = 0; done < target.length;) {
      const count = readSync(this.#fd, target, done, target.length - done, position + done);
      if (count === 0)
        throw new FormatError(`Cannot read the file: it has become shorter than ${this.size} bytes`);
      done += count;
    }
  }
}
