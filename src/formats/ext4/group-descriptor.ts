/** Bytes of a group descriptor. */
export const GROUP_DESCRIPTOR_SIZE = 32;

/**
 * Offsets in a group descriptor, in bytes.
 *
 * @see https://docs.kernel.org/filesystems/ext4/group_descr.html
 */
export const GROUP_DESCRIPTOR = {
  blockBitmap: 0,
  inodeBitmap: 4,
  inodeTable: 8,
  freeBlocks: 12,
  freeInodes: 14,
  directories: 16,
  flags: 18,
  blockBitmapChecksum: 24,
  inodeBitmapChecksum: 26,
  unusedInodes: 28,
  checksum: 30,
} as const;

/** Offsets of the higher halves, in bytes; only descriptors of 64 bytes and more have them. */
export const GROUP_DESCRIPTOR_HIGH = {
  blockBitmap: 32,
  inodeBitmap: 36,
  inodeTable: 40,
  freeBlocks: 44,
  freeInodes: 46,
  directories: 48,
  unusedInodes: 50,
  blockBitmapChecksum: 56,
  inodeBitmapChecksum: 58,
  size: 64,
} as const;

/** Bits of a group descriptor's flags: which bitmap is all zeros, whatever its block holds. */
export const GROUP_FLAG = { inodesUnset: 1, blocksUnset: 2 } as const;

/** What the file system knows of one group of blocks. */
export interface GroupDescriptor {
  /** Block numbers. */
  blockBitmap: number;
  inodeBitmap: number;
  inodeTable: number;
  /** Counts. */
  freeBlocks: number;
  freeInodes: number;
  directories: number;
}

/** Writes a group descriptor at an offset in bytes. */
export function writeGroupDescriptor(table: Buffer, at: number, group: GroupDescriptor): void {
  table.writeUInt32LE(group.blockBitmap, at + GROUP_DESCRIPTOR.blockBitmap);
  table.writeUInt32LE(group.inodeBitmap, at + GROUP_DESCRIPTOR.inodeBitmap);
  table.writeUInt32LE(group.inodeTable, at + GROUP_DESCRIPTOR.inodeTable);
  table.writeUInt16LE(group.freeBlocks, at + GROUP_DESCRIPTOR.freeBlocks);
  table.writeUInt16LE(group.freeInodes, at + GROUP_DESCRIPTOR.freeInodes);
  table.writeUInt16LE(group.directories, at + GROUP_DESCRIPTOR.directories);
}
