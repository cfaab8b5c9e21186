import type { BlockAllocator } from "./block-allocator.ts";
import { BLOCK_SIZE } from "./constants.ts";
import { appendExtent, type Extent } from "./extent-tree.ts";
import type { StagedOutput } from "./staged-output.ts";

/** The contents of one file while they stream in; blocks are taken as data comes, none for holes. */
export class FileBody {
  readonly #blocks: BlockAllocator;
  readonly #output: StagedOutput;
  readonly #extents: Extent[] = [];
  /** Bytes of the file that came so far. */
  #offset = 0;
  /** Where the blocks taken so far end, as an offset in the file; never a whole block ahead of `#offset`. */
  #mappedEnd = 0;
  /** Where the byte at `#offset` belongs in the image, as long as it lies below `#mappedEnd`. */
  #position = 0;

  constructor(blocks: BlockAllocator, output: StagedOutput) {
    this.#blocks = blocks;
    this.#output = output;
  }

  /** Bytes that came so far, holes included. */
  get length(): number {
    return this.#offset;
  }

  /** Writes the next bytes. */
  data(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#offset >= this.#mappedEnd) this.#map(rest.length);
      const fits = this.#mappedEnd - this.#offset;
      const part = fits < rest.length ? rest.subarray(0, fits) : rest;
      this.#output.write(part, this.#position);
      this.#advance(part.length);
      rest = rest.subarray(part.length);
    }
  }

  /** Leaves out the next bytes, which read as zeros. */
  hole(length: number): void {
    const padding = Math.min(length, Math.max(0, this.#mappedEnd - this.#offset));
    this.#pad(padding);
    this.#offset += length - padding;
  }

  /** Completes the last block; returns where the contents lie. */
  end(): Extent[] {
    this.#pad(Math.max(0, this.#mappedEnd - this.#offset));
    return this.#extents;
  }

  #map(length: number): void {
    const logical = Math.floor(this.#offset / BLOCK_SIZE);
    const end = Math.ceil((this.#offset + length) / BLOCK_SIZE);
    const { start, count } = this.#blocks.take(end - logical);
    appendExtent(this.#extents, { logical, start, count });
    const lead = this.#offset - logical * BLOCK_SIZE;
    if (lead > 0) this.#output.zeros(lead, start * BLOCK_SIZE);
    this.#position = start * BLOCK_SIZE + lead;
    this.#mappedEnd = (logical + count) * BLOCK_SIZE;
  }

  #pad(length: number): void {
    if (length === 0) return;
    this.#output.zeros(length, this.#position);
    this.#advance(length);
  }

  #advance(length: number): void {
    this.#offset += length;
    this.#position += length;
  }
}
