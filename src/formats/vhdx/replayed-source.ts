import { requireInside, type ByteSource } from "../byte-io.ts";
import type { PendingChanges } from "./log.ts";

/** Bytes of the file that the log has, without others over them. */
interface Piece {
  start: number;
  end: number;
  /** Undefined for zeros; else its first byte belongs at `origin`. */
  bytes: Buffer | undefined;
  origin: number;
}

/** A file as it is once its log has been replayed; the file itself is not changed. */
export class ReplayedSource implements ByteSource {
  readonly size: number;
  readonly #input: ByteSource;
  /** By position. */
  readonly #pieces: readonly Piece[];

  constructor(input: ByteSource, changes: PendingChanges) {
    this.#input = input;
    this.size = changes.fileSize;
    this.#pieces = flatten(changes);
  }

  read(target: Uint8Array, position: number): void {
    requireInside(this, position, target.length);
    const inFile = Math.max(0, Math.min(target.length, this.#input.size - position));
    if (inFile > 0) this.#input.read(target.subarray(0, inFile), position);
    target.fill(0, inFile);
    const end = position + target.length;
    for (let index = firstBehind(this.#pieces, position); index < this.#pieces.length; index++) {
      const piece = this.#pieces[index];
      if (piece === undefined || piece.start >= end) break;
      const [from, to] = [Math.max(piece.start, position), Math.min(piece.end, end)];
      if (piece.bytes === undefined) target.fill(0, from - position, to - position);
      else target.set(piece.bytes.subarray(from - piece.origin, to - piece.origin), from - position);
    }
  }
}

/** Lays changes over each other, newest first. */
function flatten({ patches }: PendingChanges): Piece[] {
  const pieces: Piece[] = [];
  for (const { position, length, bytes } of patches.toReversed()) {
    const origin = Number(position);
    const end = origin + Number(length);
    let index = firstBehind(pieces, origin);
    for (let start = origin; start < end; index++) {
      const next = pieces[index];
      const stop = Math.min(end, next?.start ?? end);
      if (start < stop) pieces.splice(index++, 0, { start, end: stop, bytes, origin });
      start = next === undefined ? end : Math.max(start, next.end);
    }
  }
  return pieces;
}

/** Index of the first piece that ends behind `position`. */
function firstBehind(pieces: readonly Piece[], position: number): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle]?.end ?? Infinity) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
