// A file in memory, of which only the pages that were written to take room.
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { requireInside } from "../../src/formats/byte-io.ts";
import type { StoredBytes } from "../../src/formats/disk/stored-file.ts";

const PAGE_SIZE = 4096;

export class MemoryFile implements StoredBytes {
  size = 0;
  readonly #pages = new Map<number, Buffer>();

  constructor(bytes?: Uint8Array) {
    if (bytes !== undefined) this.write([bytes], 0);
  }

  /** Another file with the same bytes. */
  copy(): MemoryFile {
    const file = new MemoryFile();
    file.size = this.size;
    for (const [number, page] of this.#pages) file.#pages.set(number, Buffer.from(page));
    return file;
  }

  read(target: Uint8Array, position: number): void {
    requireInside(this, position, target.length);
    for (const { number, offset, part } of parts(target, position)) {
      const page = this.#pages.get(number);
      if (page === undefined) part.fill(0);
      else part.set(page.subarray(offset, offset + part.length));
    }
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    let at = position;
    for (const chunk of chunks) {
      for (const { number, offset, part } of parts(chunk, at)) {
        const page = this.#pages.get(number) ?? Buffer.alloc(PAGE_SIZE);
        page.set(part, offset);
        this.#pages.set(number, page);
      }
      at += chunk.length;
    }
    this.size = Math.max(this.size, at);
  }

  resize(size: number): void {
    if (size < this.size) {
      for (const number of this.#pages.keys()) if (number * PAGE_SIZE >= size) this.#pages.delete(number);
      this.#pages.get(Math.floor(size / PAGE_SIZE))?.fill(0, size % PAGE_SIZE);
    }
    this.size = size;
  }

  flush(): void {}

  /** Writes the bytes to a file of the host, which takes room only for the pages that were written to. */
  save(path: string): void {
    const fd = openSync(path, "w");
    try {
      for (const [number, page] of this.#pages) {
        const length = Math.min(PAGE_SIZE, this.size - number * PAGE_SIZE);
        writeSync(fd, page, 0, length, number * PAGE_SIZE);
      }
      ftruncateSync(fd, this.size);
    } finally {
      closeSync(fd);
    }
  }

  /** All bytes. */
  bytes(): Buffer {
    const bytes = Buffer.alloc(this.size);
    this.read(bytes, 0);
    return bytes;
  }
}

function* parts(
  bytes: Uint8Array,
  position: number,
): Generator<{ number: number; offset: number; part: Uint8Array }> {
  for (let done = 0; done < bytes.length;) {
    const number = Math.floor((position + done) / PAGE_SIZE);
    const offset = position + done - number * PAGE_SIZE;
    const part = bytes.subarray(done, done + PAGE_SIZE - offset);
    yield { number, offset, part };
    done += part.length;
  }
}
