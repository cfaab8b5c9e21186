import { paddedSize } from "./header.ts";

/** What takes the content of an entry, in order and without gaps. */
export interface ContentSink {
  /** Takes the next bytes; they are only valid during the call. */
  data(chunk: Buffer): void;
  /** Takes the next `length` bytes, which are zeros that the archive does not hold. */
  hole(length: number): void;
}

/** What an archive holds of the content of an entry. */
export interface StoredContent {
  /** Bytes of the content with its holes. */
  size: number;
  /** Bytes that the archive holds. */
  stored: number;
  /** Offset and length of each part that the archive holds, in turn. */
  runs: readonly number[];
}

/** Hands the content of an entry on, from chunks that end anywhere. */
export class EntryContent {
  /** Bytes of the content that the archive still has to bring. */
  missing = 0;
  #padding = 0;
  #runLeft = 0;
  #runs: readonly number[] = [];
  #next = 0;
  #position = 0;
  #size = 0;
  #sink: ContentSink | undefined;

  /** Whether neither content nor padding is to come. */
  get isFinished(): boolean {
    return this.missing + this.#padding === 0;
  }

  /** Begins with another content; without a sink it is passed over. */
  start({ size, stored, runs }: StoredContent, sink?: ContentSink): void {
    this.missing = stored;
    this.#padding = paddedSize(stored) - stored;
    this.#size = size;
    this.#runs = runs;
    this.#next = 0;
    this.#position = 0;
    this.#sink = sink;
    this.#startRun();
  }

  /** Takes from `at` on what belongs to the content and its padding. @returns where that ends */
  take(chunk: Buffer, at: number): number {
    const available = chunk.length - at;
    if (this.missing === 0) {
      const length = Math.min(this.#padding, available);
      this.#padding -= length;
      return at + length;
    }
    const length = Math.min(this.#runLeft, available);
    this.#sink?.data(length === chunk.length ? chunk : chunk.subarray(at, at + length));
    this.missing -= length;
    this.#runLeft -= length;
    this.#position += length;
    if (this.#runLeft === 0) this.#startRun();
    return at + length;
  }

  /** Goes to the next part that the archive holds, or to the end of the file, over the hole before it. */
  #startRun(): void {
    const offset = this.#runs[this.#next] ?? this.#size;
    this.#runLeft = this.#runs[this.#next + 1] ?? 0;
    this.#next += 2;
    if (offset > this.#position) this.#sink?.hole(offset - this.#position);
    this.#position = offset;
  }
}
