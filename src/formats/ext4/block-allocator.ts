import { FormatError } from "../format-error.ts";
import { BLOCK_SIZE } from "./constants.ts";

/** Blocks that lie side by side in the image. */
export interface BlockRun {
  /** Number of the first block. */
  start: number;
  count: number;
}

/** Hands out blocks from the front of the image to its end, released ones first. */
export class BlockAllocator {
  /** The first block that was never handed out. */
  #end: number;
  readonly #limit: number;
  readonly #released: BlockRun[] = [];

  /** Starts at block `first`; an image never grows to more than `limit` blocks. */
  constructor(first: number, limit: number) {
    this.#end = first;
    this.#limit = limit;
  }

  /** The block behind the last one that was ever handed out. */
  get end(): number {
    return this.#end;
  }

  /** Runs below `end` that are free. */
  get released(): readonly BlockRun[] {
    return this.#released;
  }

  /**
   * Takes at most `count` blocks that lie side by side, at least one.
   *
   * @throws {FormatError} if the image would outgrow its limit
   */
  take(count: number): BlockRun {
    const last = this.#released.at(-1);
    if (last === undefined) return this.takeFresh(count);
    const taken = { start: last.start, count: Math.min(count, last.count) };
    last.start += taken.count;
    last.count -= taken.count;
    if (last.count === 0) this.#released.pop();
    return taken;
  }

  /**
   * Takes `count` blocks side by side that nobody had before.
   *
   * @throws {FormatError} if the image would outgrow its limit
   */
  takeFresh(count: number): BlockRun {
    const start = this.#end;
    if (start + count > this.#limit) {
      const bytes = this.#limit * BLOCK_SIZE;
      throw new FormatError(`the image would exceed its maximum size of ${bytes} bytes`);
    }
    this.#end += count;
    return { start, count };
  }

  /** Gives blocks back, for others to take. */
  release(run: BlockRun): void {
    if (run.count > 0) this.#released.push({ ...run });
  }
}
