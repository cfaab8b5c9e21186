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
  unusedInodes: 28,
} as const;

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
