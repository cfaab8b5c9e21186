import type { ByteSink } from "../byte-io.ts";
import { BLOCK_SIZE } from "./constants.ts";

const STAGE_SIZE = 1024 * 1024;
/** Chunks of this size go to the output without being copied. */
const DIRECT_SIZE = 64 * 1024;

/** Gathers small neighbouring writes into large ones that begin and end on block boundaries. */
export class StagedOutput {
  readonly #output: ByteSink;
  readonly #stage = Buffer.allocUnsafe(STAGE_SIZE);
  #start = 0;
  #length = 0;

  constructor(output: ByteSink) {
    this.#output = output;
  }

  /** Writes a chunk, which may be reused after the call. */
  write(chunk: Uint8Array, position: number): void {
    this.#seek(position);
    let rest = chunk;
    if (chunk.length >= DIRECT_SIZE) rest = this.#writeDirect(chunk);
    if (this.#length + rest.length > STAGE_SIZE) {
      const head = STAGE_SIZE - this.#length;
      this.#stage.set(rest.subarray(0, head), this.#length);
      this.#length = STAGE_SIZE;
      this.flush();
      rest = rest.subarray(head);
    }
    this.#stage.set(rest, this.#length);
    this.#length += rest.length;
  }

  /** Writes `count` zeros. */
  zeros(count: number, position: number): void {
    this.#seek(position);
    for (let left = count; left > 0;) {
      if (this.#length === STAGE_SIZE) this.flush();
      const part = Math.min(left, STAGE_SIZE - this.#length);
      this.#stage.fill(0, this.#length, this.#length + part);
      this.#length += part;
      left -= part;
    }
  }

  /** Hands everything gathered to the output. */
  flush(): void {
    if (this.#length > 0) this.#output.write([this.#stage.subarray(0, this.#length)], this.#start);
    this.#start += this.#length;
    this.#length = 0;
  }

  #seek(position: number): void {
    if (position === this.#start + this.#length) return;
    this.flush();
    this.#start = position;
  }

  /** Writes what is staged and the whole blocks of `chunk`; returns the bytes behind the last whole block. */
  #writeDirect(chunk: Uint8Array): Uint8Array {
    const end = this.#start + this.#length + chunk.length;
    const whole = chunk.length - (end % BLOCK_SIZE);
    const body = chunk.subarray(0, whole);
    this.#output.write(
      this.#length > 0 ? [this.#stage.subarray(0, this.#length), body] : [body],
      this.#start,
    );
    this.#start += this.#length + whole;
    this.#length = 0;
    return chunk.subarray(whole);
  }
}
