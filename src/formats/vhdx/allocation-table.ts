import { readBytes, type ByteSource } from "../byte-io.ts";
import { readBlockEntry } from "./block-entry.ts";
import { entryIndex, ENTRY_SIZE, type BlockGeometry } from "./block-geometry.ts";

const PAGE_SIZE = 64 * 1024;
/** How much of the table is read at once when all of it is. */
const SCAN_SIZE = 1024 * 1024;

/**
 * Looks up where blocks lie. The table of a large disk takes hundreds of megabytes, so only the page looked into last
 * is kept.
 */
export class AllocationTable {
  readonly geometry: BlockGeometry;
  readonly #input: ByteSource;
  readonly #position: number;
  #page: { number: number; bytes: Buffer } | undefined;

  /** The table lies at `position` in `input`, whole. */
  constructor(input: ByteSource, position: number, geometry: BlockGeometry) {
    this.#input = input;
    this.#position = position;
    this.geometry = geometry;
  }

  /**
   * Where a block lies in the file, in bytes; undefined if it reads as zeros.
   *
   * @throws {FormatError} if its entry is damaged
   */
  positionOf(block: number): number | undefined {
    const at = entryIndex(block, this.geometry.chunkRatio) * ENTRY_SIZE;
    const number = Math.floor(at / PAGE_SIZE);
    if (this.#page?.number !== number)
      this.#page = { number, bytes: this.#read(number * PAGE_SIZE, PAGE_SIZE) };
    return readBlockEntry(this.#page.bytes, at - number * PAGE_SIZE);
  }

  /** Where the entry of a block lies in the file, in bytes. */
  entryPosition(block: number): number {
    return this.#position + entryIndex(block, this.geometry.chunkRatio) * ENTRY_SIZE;
  }

  /** Has the table read again, because it has changed. */
  forget(): void {
    this.#page = undefined;
  }

  /**
   * Calls `visit` with the position of each block that has one. Entries for bitmaps of sectors mean nothing without a
   * parent, and writers are known to leave anything in them.
   */
  scan(visit: (position: number) => void): void {
    const { chunkRatio, entries } = this.geometry;
    const nothing = Buffer.alloc(SCAN_SIZE);
    for (let from = 0; from < entries * ENTRY_SIZE; from += SCAN_SIZE) {
      const bytes = this.#read(from, SCAN_SIZE);
      if (bytes.equals(nothing.subarray(0, bytes.length))) continue;
      const first = from / ENTRY_SIZE;
      for (let at = 0; at < bytes.length; at += ENTRY_SIZE) {
        if (bytes.readUInt32LE(at) === 0 || isBitmap(first + at / ENTRY_SIZE, chunkRatio)) continue;
        const position = readBlockEntry(bytes, at);
        if (position !== undefined) visit(position);
      }
    }
  }

  #read(from: number, length: number): Buffer {
    const left = this.geometry.entries * ENTRY_SIZE - from;
    return readBytes(this.#input, this.#position + from, Math.min(length, left));
  }
}

function isBitmap(index: number, chunkRatio: number): boolean {
  return index % (chunkRatio + 1) === chunkRatio;
}
