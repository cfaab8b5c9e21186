/** Makes a UUID of version 8 out of the first 16 bytes of a hash, so that equal inputs have equal UUIDs. */
export function deriveUuid(hash: Uint8Array): Uint8Array {
  const uuid = Buffer.from(hash.subarray(0, 16));
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x80, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuid;
}
