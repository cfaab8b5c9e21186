import type { FileEntry } from "../file-entry.ts";
import { encodeEntry } from "./encode-entry.ts";
import { BLOCK_SIZE, paddedSize } from "./header.ts";
import type { TarSink } from "./tar-reader.ts";

/** Bytes that are collected before they are written. */
const STORE_SIZE = 512 * 1024;

/** Content from this size on is written as it comes, without a copy. */
const LARGE_SIZE = 64 * 1024;

/**
 * Writes an archive: ustar, with extended headers only where ustar cannot hold an entry.
 *
 * The same entries and contents always give the same bytes. They are written in large chunks, which are only valid
 * during the call.
 *
 * @example
 * const writer = new TarWriter((chunk) => writeSync(file, chunk));
 * writer.entry({ path: "a", type: "file", mode: 0o644, uid: 0, gid: 0, size: 2, mtime: 0n });
 * writer.data(Buffer.from("hi"));
 * writer.end();
 */
export class TarWriter implements TarSink {
  readonly #write: (chunk: Buffer) => void;
  #store = Buffer.allocUnsafe(STORE_SIZE);
  #used = 0;
  #missing = 0;
  #padding = 0;

  constructor(write: (chunk: Buffer) => void) {
    this.#write = write;
  }

  /**
   * Writes the headers of an entry; `size` bytes of content must follow if it is a file.
   *
   * @throws {FormatError} if no tar can hold it; the archive can go on without it
   */
  entry(entry: FileEntry): void {
    this.#requireComplete();
    encodeEntry(entry, (size) => this.#zeros(size));
    this.#missing = entry.type === "file" ? entry.size : 0;
    this.#padding = paddedSize(this.#missing) - this.#missing;
  }

  /** Writes the next bytes of the content. */
  data(chunk: Buffer): void {
    if (chunk.length > this.#missing)
      throw new RangeError(`${chunk.length} bytes of content come where its entry has ${this.#missing} left`);
    if (chunk.length >= LARGE_SIZE) {
      this.#flush();
      this.#write(chunk);
    } else {
      this.#makeRoom(chunk.length);
      this.#used += chunk.copy(this.#store, this.#used);
    }
    this.#advance(chunk.length);
  }

  /** Writes `length` zeros as content. */
  hole(length: number): void {
    if (length > this.#missing)
      throw new RangeError(`a hole of ${length} bytes comes where its entry has ${this.#missing} left`);
    for (let left = length; left > 0; left -= LARGE_SIZE) this.#zeros(Math.min(left, LARGE_SIZE));
    this.#advance(length);
  }

  /** Writes the end of the archive, and what is collected. */
  end(): void {
    this.#requireComplete();
    this.#zeros(2 * BLOCK_SIZE);
    this.#flush();
  }

  #advance(length: number): void {
    this.#missing -= length;
    if (this.#missing > 0) return;
    this.#zeros(this.#padding);
    this.#padding = 0;
  }

  #requireComplete(): void {
    if (this.#missing > 0) throw new RangeError(`${this.#missing} bytes of content are missing`);
  }

  #zeros(size: number): Buffer {
    this.#makeRoom(size);
    const start = this.#used;
    this.#used += size;
    return this.#store.subarray(start, this.#used).fill(0);
  }

  /** A larger store is only needed for extended headers beyond all measure. */
  #makeRoom(size: number): void {
    if (this.#used + size > this.#store.length) this.#flush();
    if (size > this.#store.length) this.#store = Buffer.allocUnsafe(size);
  }

  #flush(): void {
    if (this.#used > 0) this.#write(this.#store.subarray(0, this.#used));
    this.#used = 0;
  }
}
