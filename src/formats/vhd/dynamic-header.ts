import { FormatError } from "../format-error.ts";
import { vhdChecksum } from "./checksum.ts";

/** Bytes of the dynamic header. */
export const DYNAMIC_HEADER_SIZE = 1024;

/**
 * Offsets in the header of a dynamic disk, in bytes; all numbers have their highest byte first.
 *
 * @see https://learn.microsoft.com/windows/win32/vstor/about-vhd
 */
export const DYNAMIC_HEADER = {
  cookie: 0,
  dataOffset: 8,
  tableOffset: 16,
  version: 24,
  tableEntries: 28,
  blockSize: 32,
  checksum: 36,
} as const;

const COOKIE = "cxsparse";
const VERSION = 0x00010000;
const NO_DATA_OFFSET = 0xffffffffffffffffn;

/** Where the blocks of a dynamic disk are listed. */
export interface DynamicHeader {
  /** Position of the block allocation table in the file, in bytes. */
  tableOffset: number;
  /** Blocks of the disk. */
  tableEntries: number;
  /** Bytes of a block, a power of two. */
  blockSize: number;
}

/** Encodes the header of a dynamic disk. */
export function encodeDynamicHeader({ tableOffset, tableEntries, blockSize }: DynamicHeader): Buffer {
  const bytes = Buffer.alloc(DYNAMIC_HEADER_SIZE);
  bytes.write(COOKIE, DYNAMIC_HEADER.cookie, "latin1");
  bytes.writeBigUInt64BE(NO_DATA_OFFSET, DYNAMIC_HEADER.dataOffset);
  bytes.writeBigUInt64BE(BigInt(tableOffset), DYNAMIC_HEADER.tableOffset);
  bytes.writeUInt32BE(VERSION, DYNAMIC_HEADER.version);
  bytes.writeUInt32BE(tableEntries, DYNAMIC_HEADER.tableEntries);
  bytes.writeUInt32BE(blockSize, DYNAMIC_HEADER.blockSize);
  bytes.writeUInt32BE(vhdChecksum(bytes, DYNAMIC_HEADER.checksum), DYNAMIC_HEADER.checksum);
  return bytes;
}

/**
 * Decodes and verifies the header of a dynamic disk.
 *
 * @throws {FormatError} if it is damaged
 */
export function parseDynamicHeader(bytes: Buffer): DynamicHeader {
  const fault = faultOf(bytes);
  if (fault !== undefined) throw new FormatError(`Cannot read the header of the dynamic VHD: ${fault}`);
  return {
    tableOffset: Number(bytes.readBigUInt64BE(DYNAMIC_HEADER.tableOffset)),
    tableEntries: bytes.readUInt32BE(DYNAMIC_HEADER.tableEntries),
    blockSize: bytes.readUInt32BE(DYNAMIC_HEADER.blockSize),
  };
}

function faultOf(bytes: Buffer): string | undefined {
  if (bytes.length < DYNAMIC_HEADER_SIZE) return `it has ${bytes.length} bytes`;
  if (bytes.toString("latin1", 0, COOKIE.length) !== COOKIE) return `it does not begin with "${COOKIE}"`;
  const expected = vhdChecksum(bytes.subarray(0, DYNAMIC_HEADER_SIZE), DYNAMIC_HEADER.checksum);
  const found = bytes.readUInt32BE(DYNAMIC_HEADER.checksum);
  if (found !== expected) {
    return `its checksum is 0x${found.toString(16)} instead of 0x${expected.toString(16)}`;
  }
  const blockSize = bytes.readUInt32BE(DYNAMIC_HEADER.blockSize);
  const isPowerOfTwo = blockSize >= 4096 && (blockSize & (blockSize - 1)) === 0;
  return isPowerOfTwo ? undefined : `its blocks have ${blockSize} bytes`;
}
