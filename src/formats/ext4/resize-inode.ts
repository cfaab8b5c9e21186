import { BLOCK_SIZE, MODE_TYPE } from "./constants.ts";
import { INODE, addBlocks, writeAttributes, writeSize } from "./inode.ts";

/** Number of the inode that owns the blocks kept for group descriptors to come. */
export const RESIZE_INODE = 7;
/** Most blocks that can be kept for group descriptors. */
export const RESERVED_DESCRIPTOR_BLOCKS_MAX = BLOCK_SIZE / 4;
/** Where the inode names the block that lists the kept ones, in bytes. */
export const RESERVATIONS_BLOCK = INODE.block + 4 * 13;

const POINTERS = BLOCK_SIZE / 4;
/** Blocks that direct, indirect and doubly indirect pointers reach: what the inode's size has to be. */
const SIZE = (POINTERS * POINTERS + POINTERS + 12) * BLOCK_SIZE;

/** Blocks kept for group descriptors, behind those in use. */
export interface ReservedDescriptors {
  /** Blocks of descriptors in use; the first one is block 1. */
  used: number;
  /** Blocks kept. */
  count: number;
}

/**
 * Encodes the block that lists the kept blocks. Each is listed where the block of descriptors that it may become has
 * its place; the kept blocks themselves are zeros, for there are no copies of descriptors to point to.
 *
 * @see https://docs.kernel.org/filesystems/ext4/special_inodes.html
 */
export function encodeReservations({ used, count }: ReservedDescriptors): Buffer {
  const bytes = Buffer.alloc(BLOCK_SIZE);
  for (let index = used; index < used + count; index++) {
    bytes.writeUInt32LE(1 + index, reservationOffset(index));
  }
  return bytes;
}

/** Where in the list the block for descriptors number `index` has its place, in bytes. */
export function reservationOffset(index: number): number {
  return (index % POINTERS) * 4;
}

/** Fills in the inode. `listBlock` lists `count` kept blocks; `mtime` is in nanoseconds since 1970. */
export function writeResizeInode(
  inode: Buffer,
  { listBlock, count, mtime }: { listBlock: number; count: number; mtime: bigint },
): void {
  writeAttributes(inode, MODE_TYPE.file | 0o600, { uid: 0, gid: 0, mtime });
  inode.writeUInt16LE(1, INODE.links);
  writeSize(inode, SIZE);
  inode.writeUInt32LE(listBlock, RESERVATIONS_BLOCK);
  writeOwnedBlocks(inode, count);
}

/** Tells the inode that it owns `count` kept blocks and their list. */
export function writeOwnedBlocks(inode: Buffer, count: number): void {
  inode.writeUInt32LE(0, INODE.blocksLow);
  inode.writeUInt16LE(0, INODE.blocksHigh);
  addBlocks(inode, 1 + count);
}
