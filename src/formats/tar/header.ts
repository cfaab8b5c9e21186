// The 512-byte header block of tar: field positions, numbers, checksum.
// Sources: POSIX.1-2017 "pax", ustar interchange format; GNU tar manual, "Basic Tar Format"; star(5).

import { roundUp } from "../../base/round-up.ts";
import { quoteName } from "../format-error.ts";

/** Bytes of a tar block: headers are one, contents are padded to whole ones. */
export const BLOCK_SIZE = 512;

/** Largest size that a file in a tar may claim, in bytes; sums and roundings of such numbers stay exact. */
export const MAX_FILE_SIZE = 2 ** 52;

/** A place in the header block. */
export interface Field {
  /** What messages call it. */
  name: string;
  offset: number;
  size: number;
}

/** The fields of a header, by format where formats differ. */
export const FIELDS = {
  name: { name: "name", offset: 0, size: 100 },
  mode: { name: "mode", offset: 100, size: 8 },
  uid: { name: "uid", offset: 108, size: 8 },
  gid: { name: "gid", offset: 116, size: 8 },
  size: { name: "size", offset: 124, size: 12 },
  mtime: { name: "mtime", offset: 136, size: 12 },
  checksum: { name: "checksum", offset: 148, size: 8 },
  type: { name: "type", offset: 156, size: 1 },
  linkTarget: { name: "link target", offset: 157, size: 100 },
  magic: { name: "magic", offset: 257, size: 8 },
  major: { name: "major device number", offset: 329, size: 8 },
  minor: { name: "minor device number", offset: 337, size: 8 },
  prefix: { name: "prefix", offset: 345, size: 155 },
  starPrefix: { name: "prefix", offset: 345, size: 131 },
  starTrailer: { name: "star magic", offset: 508, size: 4 },
  gnuAtime: { name: "atime", offset: 345, size: 12 },
  gnuCtime: { name: "ctime", offset: 357, size: 12 },
  gnuExtended: { name: "extension flag", offset: 482, size: 1 },
  gnuRealSize: { name: "real size", offset: 483, size: 12 },
} as const satisfies Record<string, Field>;

/** The dialect of a header, which decides what follows the first 257 bytes. */
export type Dialect = "v7" | "ustar" | "star" | "gnu";

/** A field that does not hold what it must; the reader adds where the header lies and whose it is. */
export class FieldError extends Error {}

/** Tells the dialect of the header at `at` from its magic. */
export function dialectOf(bytes: Buffer, at: number): Dialect {
  const magic = textAt(bytes, at, FIELDS.magic, true);
  if (magic === "ustar  \0") return "gnu";
  if (!magic.startsWith("ustar\0")) return "v7";
  return textAt(bytes, at, FIELDS.starTrailer, true) === "tar\0" ? "star" : "ustar";
}

/** The byte string in a field, up to its first NUL, or whole. */
export function textAt(bytes: Buffer, at: number, field: Field, whole = false): string {
  const start = at + field.offset;
  let end = start + field.size;
  if (!whole) for (end = start; end < start + field.size && bytes[end] !== 0;) end++;
  return bytes.toString("latin1", start, end);
}

/**
 * Reads a number: octal digits between blanks, or big-endian two's complement after a byte with the top bit set.
 *
 * @throws {FieldError} if it is neither, or too large to be exact
 */
export function numberAt(bytes: Buffer, at: number, field: Field): number {
  const start = at + field.offset;
  const first = bytes[start] ?? 0;
  if (first >= 0x80) return binaryNumber(bytes, start, field);
  const end = start + field.size;
  let from = start;
  while (from < end && bytes[from] === 0x20) from++;
  let value = 0;
  let to = from;
  for (; to < end; to++) {
    const digit = (bytes[to] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  const stop = bytes[to];
  if (to < end && stop !== 0 && stop !== 0x20) throw new FieldError(notANumber(bytes, at, field));
  return value;
}

function binaryNumber(bytes: Buffer, start: number, field: Field): number {
  let value = 0n;
  for (let at = start; at < start + field.size; at++) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  // The top bit only marks the notation; the one below is the sign.
  const width = field.size * 8 - 1;
  const number = Number(BigInt.asIntN(width, value));
  if (!Number.isSafeInteger(number)) throw new FieldError(`its ${field.name} is ${number}, beyond 2^53`);
  return number;
}

function notANumber(bytes: Buffer, at: number, field: Field): string {
  return `its ${field.name} holds ${quoteName(textAt(bytes, at, field))}, which is no octal number`;
}

/** Whether the block at `at` holds nothing but zeros. */
export function isZeroBlock(bytes: Buffer, at: number): boolean {
  for (let i = at; i < at + BLOCK_SIZE; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** The sum of the header's bytes, its checksum field counted as blanks. */
export function checksumOf(bytes: Buffer, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, BLOCK_SIZE);
  // Two sums of 16 bits in one number each: 128 bytes of 255 do not overflow them. Every header passes here.
  let even = 0;
  let odd = 0;
  for (let i = 0; i < BLOCK_SIZE; i += 4) {
    const word = view.getUint32(i, true);
    even = (even + (word & 0xff00ff)) | 0;
    odd = (odd + ((word >>> 8) & 0xff00ff)) | 0;
  }
  let sum = (even & 0xffff) + (even >>> 16) + (odd & 0xffff) + (odd >>> 16);
  const { offset, size } = FIELDS.checksum;
  for (let i = at + offset; i < at + offset + size; i++) sum += 0x20 - (bytes[i] ?? 0);
  return sum;
}

/** The same sum of signed bytes, as some old implementations wrote it. */
export function signedChecksumOf(bytes: Buffer, at: number): number {
  const { offset, size } = FIELDS.checksum;
  let sum = checksumOf(bytes, at);
  for (let i = 0; i < BLOCK_SIZE; i++) {
    const isSummed = i < offset || i >= offset + size;
    if (isSummed && (bytes[at + i] ?? 0) >= 0x80) sum -= 256;
  }
  return sum;
}

/** Requires that the checksum of the header is right. @throws {FieldError} if not */
export function requireChecksum(bytes: Buffer, at: number): void {
  const stored = numberAt(bytes, at, FIELDS.checksum);
  const sum = checksumOf(bytes, at);
  if (stored === sum || stored === signedChecksumOf(bytes, at)) return;
  throw new FieldError(`its checksum is ${stored} where its bytes sum up to ${sum}`);
}

/** Rounds up to whole blocks. */
export function paddedSize(size: number): number {
  return roundUp(size, BLOCK_SIZE);
}
