import type { ByteSource } from "../../byte-io.ts";

const LEAST = 64 * 1024;
const MOST = 2 ** 20;

/**
 * Reads contents in large pieces: ahead as long as one follows the other in the source, so that many small files that
 * lie side by side take few reads, and no more than asked for where they do not.
 */
export class ReadWindow {
  readonly #source: ByteSource;
  #buffer = Buffer.allocUnsafe(LEAST);
  #start = 0;
  #length = 0;
  #step = LEAST;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The bytes from `position` in pieces of at most 1 MiB, each valid until the next is asked for. */
  *pieces(position: number, length: number): Generator<Buffer, void> {
    for (let done = 0; done < length;) {
      const piece = this.#piece(position + done, length - done);
      done += piece.length;
      yield piece;
    }
  }

  #piece(position: number, length: number): Buffer {
    const end = this.#start + this.#length;
    const isInside = position >= this.#start && position < end;
    if (!isInside) this.#fill(position, length);
    const from = position - this.#start;
    return this.#buffer.subarray(from, Math.min(this.#length, from + length));
  }

  #fill(position: number, length: number): void {
    const end = this.#start + this.#length;
    const isAhead = position >= end && position - end < this.#step;
    this.#step = isAhead ? Math.min(MOST, this.#step * 2) : LEAST;
    const size = Math.min(Math.max(this.#step, length), MOST, this.#source.size - position);
    if (this.#buffer.length < size) this.#buffer = Buffer.allocUnsafe(MOST);
    this.#length = 0;
    this.#source.read(this.#buffer.subarray(0, size), position);
    this.#start = position;
    this.#length = size;
  }
}
