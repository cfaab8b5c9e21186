/** Bytes of a block; the only block size that images of this project have. */
export const BLOCK_SIZE = 4096;

/** Most blocks of a group: one block of bitmap describes them. */
export const BLOCKS_PER_GROUP = 8 * BLOCK_SIZE;

/** Inodes that have a number by convention; numbers below `first` are reserved. */
export const INODE_NUMBER = { root: 2, first: 11, lostAndFound: 11 } as const;

/** File type bits of an inode's mode. */
export const MODE_TYPE = {
  mask: 0o170000,
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
} as const;

/**
 * Features that old kernels may ignore.
 *
 * @see https://docs.kernel.org/filesystems/ext4/super.html
 */
export const COMPATIBLE = {
  preallocatedDirectories: 0x1,
  hasJournal: 0x4,
  extendedAttributes: 0x8,
  resizeInode: 0x10,
  directoryIndex: 0x20,
  sparseSuper2: 0x200,
  orphanFile: 0x1000,
} as const;

/** Features without which a kernel cannot read the file system. */
export const INCOMPATIBLE = {
  fileType: 0x2,
  needsRecovery: 0x4,
  metaGroups: 0x10,
  extents: 0x40,
  wide: 0x80,
  multiMountProtection: 0x100,
  flexibleGroups: 0x200,
  xattrInodes: 0x400,
  checksumSeed: 0x2000,
  largeDirectories: 0x4000,
  inlineData: 0x8000,
  encryption: 0x10000,
} as const;

/** Features without which a kernel cannot write the file system. */
export const READ_ONLY_COMPATIBLE = {
  sparseSuper: 0x1,
  largeFile: 0x2,
  hugeFile: 0x8,
  groupChecksums: 0x10,
  directoryLinks: 0x20,
  extraInodeSize: 0x40,
  quota: 0x100,
  clusters: 0x200,
  metadataChecksums: 0x400,
  readOnly: 0x1000,
  projectQuota: 0x2000,
  sharedBlocks: 0x4000,
} as const;

/** Most hard links of a file; a directory with more subdirectories counts 1. */
export const LINK_MAX = 65000;
/** Longest name in bytes. */
export const NAME_MAX = 255;
/** Longest path and longest symlink target in bytes, as Linux resolves them. */
export const PATH_MAX = 4095;
