import type { ByteSource } from "./byte-io.ts";
import { FileSink } from "./file-sink.ts";
import { FileSource } from "./file-source.ts";

/** Reads and writes an open file by position. */
export class FileBytes extends FileSink implements ByteSource {
  readonly #source: FileSource;

  /** The caller keeps `fd` and closes it. What lies behind the `size` bytes of now can be written, not read. */
  constructor(fd: number, size?: number) {
    super(fd);
    this.#source = new FileSource(fd, size);
  }

  get size(): number {
    return this.#source.size;
  }

  read(target: Uint8Array, position: number): void {
    this.#source.read(target, position);
  }
}
