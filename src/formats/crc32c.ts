/** The polynomial of Castagnoli with its lowest power in the highest bit. */
const POLYNOMIAL = 0x82f63b78;
/** Bytes that one step takes. */
const STEP = 8;

/** For each place of a byte in a step, what each of its values does to the remainder. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(256 * STEP);
  for (let value = 0; value < 256; value++) {
    let remainder = value;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
    tables[value] = remainder;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] ?? 0;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
}

/**
 * Computes the CRC-32C of bytes, as iSCSI, VHDX and others define it.
 *
 * @param seed the checksum of what came before, to go on with it
 * @returns 32 bits, not negative
 * @see https://www.rfc-editor.org/rfc/rfc3720#section-12.1
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return ~crc32cRaw(bytes, ~seed) >>> 0;
}

/**
 * Goes on with the remainder `state` over bytes, without inverting it before and after; ext4 chains its checksums so.
 *
 * @returns 32 bits, not negative
 */
export function crc32cRaw(bytes: Uint8Array, state: number): number {
  const tables = TABLES;
  const wholeEnd = bytes.length - (bytes.length % STEP);
  let crc = state | 0;
  let at = 0;
  // Every index lies in the bytes and tables: `as number` only tells so, and costs nothing where `?? 0` would.
  for (; at < wholeEnd; at += STEP) {
    const mixed = crc ^ read32(bytes, at);
    crc =
      (tables[1792 + (mixed & 0xff)] as number) ^
      (tables[1536 + ((mixed >>> 8) & 0xff)] as number) ^
      (tables[1280 + ((mixed >>> 16) & 0xff)] as number) ^
      (tables[1024 + (mixed >>> 24)] as number) ^
      (tables[768 + (bytes[at + 4] as number)] as number) ^
      (tables[512 + (bytes[at + 5] as number)] as number) ^
      (tables[256 + (bytes[at + 6] as number)] as number) ^
      (tables[bytes[at + 7] as number] as number);
  }
  for (; at < bytes.length; at++)
    crc = (crc >>> 8) ^ (tables[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return crc >>> 0;
}

function read32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
