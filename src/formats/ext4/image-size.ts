import { readBytes, type ByteSource } from "../byte-io.ts";
import { FormatError } from "../format-error.ts";
import { BLOCK_SIZE } from "./constants.ts";
import { SUPERBLOCK, SUPERBLOCK_MAGIC, SUPERBLOCK_POSITION, SUPERBLOCK_SIZE } from "./superblock.ts";

/**
 * Tells how many bytes an ext4 image has, whatever lies behind it.
 *
 * @throws {FormatError} if there is no ext4 image with blocks of 4096 bytes
 */
export function imageSize(source: ByteSource): number {
  const superblock = readBytes(source, SUPERBLOCK_POSITION, SUPERBLOCK_SIZE);
  const isExt4 = superblock.readUInt16LE(SUPERBLOCK.magic) === SUPERBLOCK_MAGIC;
  if (!isExt4 || superblock.readUInt32LE(SUPERBLOCK.logBlockSize) !== Math.log2(BLOCK_SIZE / 1024)) {
    const message = `Cannot read the image: it does not begin with an ext4 file system of ${BLOCK_SIZE}-byte blocks`;
    throw new FormatError(message, { offset: SUPERBLOCK_POSITION });
  }
  return superblock.readUInt32LE(SUPERBLOCK.blocks) * BLOCK_SIZE;
}
