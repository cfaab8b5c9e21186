import { FormatError } from "./format-error.ts";

/** Bytes that are read by position: those of a file, or of the disk that a file holds. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /**
   * Fills `target` with the bytes from `position`, which lie in the source.
   *
   * @throws {FormatError} if they do not, or no longer
   */
  read(target: Uint8Array, position: number): void;
}

/** Bytes that are written by position, in any order; what is never written reads as zeros. */
export interface ByteSink {
  /** Writes `chunks` one behind the other from `position`, a byte offset; they may be reused after it returns. */
  write(chunks: readonly Uint8Array[], position: number): void;
}

/**
 * Reads `length` bytes into a buffer of their own.
 *
 * @throws {FormatError} if they do not lie in the source, before any memory is taken
 */
export function readBytes(source: ByteSource, position: number, length: number): Buffer {
  requireInside(source, position, length);
  const bytes = Buffer.allocUnsafe(length);
  source.read(bytes, position);
  return bytes;
}

/** Requires that `length` bytes from `position` lie in the source. @throws {FormatError} if not */
export function requireInside({ size }: ByteSource, position: number, length: number): void {
  if (position >= 0 && length >= 0 && position + length <= size) return;
  const message = `Cannot read ${length} bytes at ${position}: there are only ${size} bytes`;
  throw new FormatError(message, { offset: position });
}
