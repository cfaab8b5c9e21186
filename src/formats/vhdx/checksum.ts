import { crc32c } from "../crc32c.ts";

/** Where the checksum lies in each structure that has one, in bytes. */
const CHECKSUM_OFFSET = 4;
const CHECKSUM_END = CHECKSUM_OFFSET + 4;

/** Writes the checksum of a header, region table or log entry into it. */
export function sealChecksum(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(checksumOf(bytes), CHECKSUM_OFFSET);
  return bytes;
}

/** Whether a structure has the checksum that it claims. */
export function hasValidChecksum(bytes: Buffer): boolean {
  return bytes.readUInt32LE(CHECKSUM_OFFSET) === checksumOf(bytes);
}

/** The CRC-32C of the structure as if its checksum were 0. */
function checksumOf(bytes: Buffer): number {
  const head = crc32c(bytes.subarray(0, CHECKSUM_OFFSET));
  return crc32c(bytes.subarray(CHECKSUM_END), crc32c(new Uint8Array(4), head));
}
