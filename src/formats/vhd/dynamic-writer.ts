import type { ByteSink } from "../byte-io.ts";
import { DYNAMIC_HEADER_SIZE, encodeDynamicHeader } from "./dynamic-header.ts";
import { DEFAULT_BLOCK_SIZE, NO_BLOCK, sectorBitmapSize } from "./dynamic-layout.ts";
import { FOOTER_SIZE, vhdFooter, type VhdIdentity } from "./footer.ts";
import { roundUpToSectors, SECTOR_SIZE } from "./sector.ts";

const TABLE_OFFSET = FOOTER_SIZE + DYNAMIC_HEADER_SIZE;

/** Writes a dynamic VHD, whose file holds only the blocks that were written to; itself an output for disk images. */
export class DynamicVhdWriter implements ByteSink {
  readonly #output: ByteSink;
  readonly #size: number;
  readonly #blockSize: number;
  readonly #footer: Buffer;
  /** Position of each block in the file, in sectors. */
  readonly #table: Uint32Array;
  /** Where the next block goes, in bytes. */
  #end: number;

  /**
   * Prepares a disk of `size` bytes.
   *
   * @throws {RangeError} if the size is no multiple of 512 or larger than a VHD can be
   */
  constructor(output: ByteSink, size: number, options: VhdIdentity & { blockSize?: number }) {
    this.#output = output;
    this.#size = size;
    this.#blockSize = options.blockSize ?? DEFAULT_BLOCK_SIZE;
    this.#footer = vhdFooter(size, { ...options, kind: "dynamic" });
    this.#table = new Uint32Array(Math.ceil(size / this.#blockSize)).fill(NO_BLOCK);
    this.#end = TABLE_OFFSET + roundUpToSectors(this.#table.length * 4);
  }

  /** Writes to the disk. */
  write(chunks: readonly Uint8Array[], position: number): void {
    let at = position;
    for (const chunk of chunks) {
      this.#writeChunk(chunk, at);
      at += chunk.length;
    }
  }

  /** Completes the file; returns its length in bytes. */
  finish(): number {
    const table = Buffer.alloc(roundUpToSectors(this.#table.length * 4), 0xff);
    for (const [block, sector] of this.#table.entries()) table.writeUInt32BE(sector, 4 * block);
    const header = encodeDynamicHeader({
      tableOffset: TABLE_OFFSET,
      tableEntries: this.#table.length,
      blockSize: this.#blockSize,
    });
    this.#output.write([this.#footer, header, table], 0);
    this.#output.write([this.#footer], this.#end);
    return this.#end + FOOTER_SIZE;
  }

  #writeChunk(chunk: Uint8Array, position: number): void {
    if (position + chunk.length > this.#size) {
      throw new RangeError(`The disk of ${this.#size} bytes ends before ${position + chunk.length}`);
    }
    for (let done = 0; done < chunk.length;) {
      const block = Math.floor((position + done) / this.#blockSize);
      const offset = position + done - block * this.#blockSize;
      const part = chunk.subarray(done, done + this.#blockSize - offset);
      this.#output.write([part], this.#dataOf(block) + offset);
      done += part.length;
    }
  }

  /** Where a block's data lies in the file, in bytes; makes room for it first if need be. */
  #dataOf(block: number): number {
    const bitmapSize = sectorBitmapSize(this.#blockSize);
    const known = this.#table[block] ?? NO_BLOCK;
    if (known !== NO_BLOCK) return known * SECTOR_SIZE + bitmapSize;
    const start = this.#end;
    this.#table[block] = start / SECTOR_SIZE;
    this.#output.write([Buffer.alloc(bitmapSize, 0xff)], start);
    this.#end += bitmapSize + this.#blockSize;
    return start + bitmapSize;
  }
}
