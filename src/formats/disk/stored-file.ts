import { fdatasyncSync, fstatSync, ftruncateSync } from "node:fs";
import type { ByteSink, ByteSource } from "../byte-io.ts";
import { FileSink } from "../file-sink.ts";
import { FileSource } from "../file-source.ts";

/** Bytes that are changed in place. */
export interface StoredBytes extends ByteSource, ByteSink {
  /** Makes the bytes more, the new ones zeros, or fewer. */
  resize(size: number): void;
  /** Brings everything written to the storage device. */
  flush(): void;
}

/** An open file that is changed in place. */
export class StoredFile implements StoredBytes {
  readonly #fd: number;
  readonly #sink: FileSink;

  /** The caller keeps `fd`, open for reading and writing, and closes it. */
  constructor(fd: number) {
    this.#fd = fd;
    this.#sink = new FileSink(fd);
  }

  get size(): number {
    return fstatSync(this.#fd).size;
  }

  read(target: Uint8Array, position: number): void {
    new FileSource(this.#fd).read(target, position);
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    this.#sink.write(chunks, position);
  }

  resize(size: number): void {
    ftruncateSync(this.#fd, size);
  }

  flush(): void {
    fdatasyncSync(this.#fd);
  }
}
