/** The polynomial x^16 + x^15 + x^2 + 1 with its lowest power in the highest bit. */
const POLYNOMIAL = 0xa001;

/** Goes on with the CRC-16 `state` over bytes; file systems older than metadata_csum guard group descriptors so. */
export function crc16(bytes: Uint8Array, state: number): number {
  let crc = state;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  }
  return crc;
}
