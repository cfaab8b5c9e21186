import { MIB, vhdxFault } from "./numbers.ts";

/** Knows which mebibytes of a file are taken, so that no two parts of it share any. */
export class OccupiedMap {
  readonly #bits: Uint8Array;
  readonly #size: number;

  /** For a file of `size` bytes. */
  constructor(size: number) {
    this.#size = size;
    this.#bits = new Uint8Array(Math.ceil(size / MIB / 8));
  }

  /**
   * Takes `length` bytes from `offset`, both multiples of a mebibyte.
   *
   * @throws {FormatError} saying `what` they are for, if they do not lie in the file or are taken
   */
  claim(offset: number, length: number, what: string): void {
    if (offset + length > this.#size) {
      throw vhdxFault(`its ${what} of ${length} bytes at ${offset} lies behind the end of the file`);
    }
    for (let unit = offset / MIB; unit < (offset + length) / MIB; unit++) {
      const [byte, bit] = [Math.floor(unit / 8), 1 << (unit % 8)];
      const taken = this.#bits[byte] ?? 0;
      if ((taken & bit) !== 0) throw vhdxFault(`its ${what} at ${offset} overlaps another part of the file`);
      this.#bits[byte] = taken | bit;
    }
  }
}
