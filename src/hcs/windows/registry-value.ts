/**
 * Values as the registry holds them: a bool is a DWORD, an integer a QWORD, a text SZ, everything else JSON in a
 * BINARY. Integers are little-endian, texts UTF-16 with a final NUL, JSON is UTF-8.
 */
import type { StoredValue } from "../key-store.ts";

const REG_SZ = 1;
const REG_BINARY = 3;
const REG_DWORD = 4;
const REG_QWORD = 11;

/** A value with its type. */
export interface RegistryValue {
  type: number;
  bytes: Buffer;
}

/** Encodes a value. @throws {RangeError} if it is a number that is no whole one from 0 to 2^64-1 */
export function encodeValue(value: StoredValue): RegistryValue {
  if (typeof value === "string") return { type: REG_SZ, bytes: Buffer.from(`${value}\0`, "utf16le") };
  if (typeof value === "object") return { type: REG_BINARY, bytes: Buffer.from(value.json) };
  if (typeof value === "boolean") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(Number(value));
    return { type: REG_DWORD, bytes };
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return { type: REG_QWORD, bytes };
}

/** Decodes a value; undefined if it is of another type or size than this program writes. */
export function decodeValue({ type, bytes }: RegistryValue): StoredValue | undefined {
  if (type === REG_BINARY) return { json: bytes.toString("utf8") };
  if (type === REG_SZ) return textBefore(bytes.toString("utf16le"));
  if (type === REG_DWORD && bytes.length === 4) return bytes.readUInt32LE() !== 0;
  if (type !== REG_QWORD || bytes.length !== 8) return undefined;
  const integer = bytes.readBigUInt64LE();
  return integer <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(integer) : integer;
}

/** Other programs may have written a text without its NUL, or more after it. */
function textBefore(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}
