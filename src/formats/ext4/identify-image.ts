import type { ByteSink, ByteSource } from "../byte-io.ts";
import { READ_ONLY_COMPATIBLE } from "./constants.ts";
import { findSuperblock, SUPERBLOCK, SUPERBLOCK_POSITION } from "./superblock.ts";

/**
 * Gives the file system on a disk another UUID, of 16 bytes.
 *
 * @returns false, and changes nothing, if there is none, or if it has checksums that depend on the UUID
 */
export function identifyImage(disk: ByteSource & ByteSink, uuid: Uint8Array): boolean {
  const superblock = findSuperblock(disk);
  if (superblock === undefined) return false;
  const checksums = READ_ONLY_COMPATIBLE.groupChecksums | READ_ONLY_COMPATIBLE.metadataChecksums;
  if ((superblock.readUInt32LE(SUPERBLOCK.readOnlyCompatible) & checksums) !== 0) return false;
  disk.write([uuid.subarray(0, 16)], SUPERBLOCK_POSITION + SUPERBLOCK.uuid);
  return true;
}
