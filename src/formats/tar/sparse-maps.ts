// Maps of sparse files that lie in blocks of their own: which parts of the content the archive holds.
// Sources: GNU tar manual, "Storing Sparse Files" and "PAX headers" (format 1.0); GNU tar's tar.h (old format).

import { BLOCK_SIZE, FieldError, numberAt, type Field } from "./header.ts";
import { SparseRuns } from "./sparse-runs.ts";

/** Digits of the largest number that a map may hold. */
const MAX_DIGITS = 16;

/** Bytes of an offset and a length in the old format. */
const PAIR_SIZE = 24;

/** Where the pairs of the old format lie in a header, and in the blocks that continue it. */
const HEADER_PAIRS = { offset: 386, count: 4, isExtended: 482 };
const BLOCK_PAIRS = { offset: 0, count: 21, isExtended: 504 };

/** A map that comes block by block. */
export interface SparseMap {
  readonly runs: SparseRuns;
  /** Whether the size of the entry in the archive counts the blocks of the map. */
  readonly isStored: boolean;
  /** Takes the next block. @returns whether another follows @throws {FieldError} */
  read(bytes: Buffer, at: number): boolean;
}

/** Reads the map of the old GNU format, which starts in the header itself and goes on in the blocks behind it. */
export class OldSparseMap implements SparseMap {
  readonly runs = new SparseRuns();
  readonly isStored = false;
  #place = HEADER_PAIRS;

  read(bytes: Buffer, at: number): boolean {
    const { offset, count, isExtended } = this.#place;
    this.#place = BLOCK_PAIRS;
    for (let i = 0; i < count; i++) {
      const start: Field = { name: "sparse map", offset: offset + i * PAIR_SIZE, size: PAIR_SIZE / 2 };
      const length: Field = { ...start, offset: start.offset + start.size };
      // An unused pair is empty; a used one has at least a digit for its length.
      if (bytes[at + length.offset] === 0) break;
      this.runs.add(numberAt(bytes, at, start), numberAt(bytes, at, length));
    }
    return bytes[at + isExtended] !== 0;
  }
}

/**
 * Reads the map that precedes the data in format 1.0: decimal numbers on lines of their own, first how many pairs
 * follow, padded with zeros to whole blocks.
 */
export class TextSparseMap implements SparseMap {
  readonly runs = new SparseRuns();
  readonly isStored = true;
  #value = 0;
  #digits = 0;
  #pairsLeft: number | undefined;
  #offset: number | undefined;

  /** @throws {FieldError} if the block holds anything but numbers */
  read(bytes: Buffer, at: number): boolean {
    for (let i = at; i < at + BLOCK_SIZE && this.#pairsLeft !== 0; i++) {
      const byte = bytes[i] ?? 0;
      if (byte === 0x0a && this.#digits > 0) this.#takeNumber();
      else if (byte >= 0x30 && byte <= 0x39 && this.#digits < MAX_DIGITS) {
        this.#value = this.#value * 10 + (byte - 0x30);
        this.#digits++;
      } else throw new FieldError(`its sparse map has byte 0x${byte.toString(16)} where a number goes on`);
    }
    return this.#pairsLeft !== 0;
  }

  #takeNumber(): void {
    const number = this.#value;
    this.#value = 0;
    this.#digits = 0;
    if (this.#pairsLeft === undefined) this.#pairsLeft = number;
    else if (this.#offset === undefined) this.#offset = number;
    else {
      this.runs.add(this.#offset, number);
      this.#offset = undefined;
      this.#pairsLeft--;
    }
  }
}
