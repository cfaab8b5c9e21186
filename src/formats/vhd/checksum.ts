/** Sums up all bytes of a VHD structure but its checksum field, and inverts the sum: 32 bits. */
export function vhdChecksum(bytes: Uint8Array, checksumOffset: number): number {
  let sum = 0;
  for (const [at, byte] of bytes.entries()) {
    if (at < checksumOffset || at >= checksumOffset + 4) sum += byte;
  }
  return ~sum >>> 0;
}
