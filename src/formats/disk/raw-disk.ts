import { requireInside } from "../byte-io.ts";
import type { Disk } from "./disk.ts";
import type { StoredBytes } from "./stored-file.ts";

/** A disk whose file holds its bytes and nothing else. */
export class RawDisk implements Disk {
  readonly format = "raw";
  readonly largestSize = Number.MAX_SAFE_INTEGER;
  readonly #file: StoredBytes;

  constructor(file: StoredBytes) {
    this.#file = file;
  }

  get size(): number {
    return this.#file.size;
  }

  read(target: Uint8Array, position: number): void {
    this.#file.read(target, position);
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    requireInside(this, position, length);
    this.#file.write(chunks, position);
  }

  grow(size: number): void {
    this.#file.resize(size);
    this.#file.flush();
  }

  flush(): void {
    this.#file.flush();
  }
}
