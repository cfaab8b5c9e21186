import { FieldError, MAX_FILE_SIZE } from "./header.ts";

/** Parts that a map may have at most, so that a hostile one cannot exhaust memory. */
const MAX_RUNS = 1_000_000;

/** The parts of a sparse file that hold data, ascending and apart. */
export class SparseRuns {
  /** Offset and length of each part in turn, in bytes. */
  readonly pairs: number[] = [];
  #end = 0;
  #dataSize = 0;

  /** Adds one part. @throws {FieldError} if it does not follow the one before or is one too many */
  add(offset: number, length: number): void {
    if (offset < this.#end || length < 0)
      throw new FieldError(`its sparse map has ${length} bytes at ${offset} after a part up to ${this.#end}`);
    if (offset + length > MAX_FILE_SIZE)
      throw new FieldError(`its sparse map reaches byte ${offset + length}, beyond 2^52`);
    if (this.pairs.length >= 2 * MAX_RUNS)
      throw new FieldError(`its sparse map has more than ${MAX_RUNS} parts`);
    this.#end = offset + length;
    this.#dataSize += length;
    if (length > 0) this.pairs.push(offset, length);
  }

  /** Requires that the parts lie within the file and that the archive holds just them. @throws {FieldError} */
  require(fileSize: number, storedSize: number): void {
    if (this.#end > fileSize)
      throw new FieldError(`its sparse map reaches byte ${this.#end} of a file of ${fileSize} bytes`);
    if (this.#dataSize !== storedSize)
      throw new FieldError(`its sparse map covers ${this.#dataSize} bytes where ${storedSize} are stored`);
  }
}
