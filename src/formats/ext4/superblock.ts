import { readBytes, type ByteSource } from "../byte-io.ts";
import { BLOCK_SIZE, COMPATIBLE, INCOMPATIBLE, INODE_NUMBER, READ_ONLY_COMPATIBLE } from "./constants.ts";
import { HALF_MD4 } from "./hashed-directory.ts";
import { EXTRA_SIZE, INODE_SIZE } from "./inode.ts";

/** Where the superblock lies in an image, and how long it is, in bytes. */
export const SUPERBLOCK_POSITION = 1024;
/** Bytes of the superblock. */
export const SUPERBLOCK_SIZE = 1024;
/** Value of the field `magic`. */
const SUPERBLOCK_MAGIC = 0xef53;

/**
 * Offsets in the superblock, in bytes.
 *
 * @see https://docs.kernel.org/filesystems/ext4/super.html
 */
export const SUPERBLOCK = {
  inodes: 0x0,
  blocks: 0x4,
  reservedBlocks: 0x8,
  freeBlocks: 0xc,
  freeInodes: 0x10,
  firstDataBlock: 0x14,
  logBlockSize: 0x18,
  logClusterSize: 0x1c,
  blocksPerGroup: 0x20,
  clustersPerGroup: 0x24,
  inodesPerGroup: 0x28,
  writeTime: 0x30,
  maxMountCount: 0x36,
  magic: 0x38,
  state: 0x3a,
  errors: 0x3c,
  lastCheck: 0x40,
  revision: 0x4c,
  firstInode: 0x54,
  inodeSize: 0x58,
  compatible: 0x5c,
  incompatible: 0x60,
  readOnlyCompatible: 0x64,
  uuid: 0x68,
  label: 0x78,
  reservedDescriptorBlocks: 0xce,
  journalInode: 0xe0,
  lastOrphan: 0xe8,
  hashSeed: 0xec,
  hashVersion: 0xfc,
  descriptorSize: 0xfe,
  mountOptions: 0x100,
  firstMetaGroup: 0x104,
  creationTime: 0x108,
  blocksHigh: 0x150,
  freeBlocksHigh: 0x158,
  minExtraSize: 0x15c,
  wantedExtraSize: 0x15e,
  flags: 0x160,
  multiMountBlock: 0x168,
  logGroupsPerFlex: 0x174,
  checksumType: 0x175,
  userQuotaInode: 0x240,
  groupQuotaInode: 0x244,
  overheadBlocks: 0x248,
  backupGroups: 0x24c,
  projectQuotaInode: 0x26c,
  checksumSeed: 0x270,
  writeTimeHigh: 0x274,
  creationTimeHigh: 0x276,
  orphanFileInode: 0x280,
  checksum: 0x3fc,
} as const;

/** Bytes of the label. */
export const LABEL_SIZE = 16;

/** Whether a superblock may lie in these 1024 bytes. */
export function isSuperblock(bytes: Buffer): boolean {
  return bytes.readUInt16LE(SUPERBLOCK.magic) === SUPERBLOCK_MAGIC;
}

/** Reads the superblock of a disk that seems to begin with an ext4 file system. @returns undefined if it does not */
export function findSuperblock(disk: ByteSource): Buffer | undefined {
  if (disk.size < SUPERBLOCK_POSITION + SUPERBLOCK_SIZE) return undefined;
  const bytes = readBytes(disk, SUPERBLOCK_POSITION, SUPERBLOCK_SIZE);
  return isSuperblock(bytes) ? bytes : undefined;
}

const STATE_CLEAN = 1;
const ERRORS_CONTINUE = 1;
const REVISION_DYNAMIC = 1;
const NO_MOUNT_LIMIT = 0xffff;
const FLAG_UNSIGNED_HASH = 2;
const MOUNT_XATTRS_AND_ACLS = 0x4 | 0x8;
const LOG_GROUPS_PER_FLEX = 4;

const FEATURES = {
  compatible: COMPATIBLE.extendedAttributes | COMPATIBLE.directoryIndex | COMPATIBLE.sparseSuper2,
  incompatible: INCOMPATIBLE.fileType | INCOMPATIBLE.extents | INCOMPATIBLE.flexibleGroups,
  readOnlyCompatible:
    READ_ONLY_COMPATIBLE.largeFile |
    READ_ONLY_COMPATIBLE.hugeFile |
    READ_ONLY_COMPATIBLE.directoryLinks |
    READ_ONLY_COMPATIBLE.extraInodeSize,
} as const;

/** What differs from image to image. */
export interface SuperblockFields {
  blocks: number;
  freeBlocks: number;
  blocksPerGroup: number;
  inodes: number;
  freeInodes: number;
  inodesPerGroup: number;
  /** 16 bytes. */
  uuid: Uint8Array;
  /** At most 16 bytes. */
  label: Uint8Array;
  /** Four words. */
  hashSeed: readonly number[];
  /** Seconds since 1970. */
  timestamp: number;
  /** Whether kernels shall refuse to mount the image for writing. */
  isReadOnly: boolean;
  /** Whether contents may lie in inodes. */
  hasInlineData: boolean;
  /** Blocks kept for group descriptors to come; undefined if no inode owns them. */
  reservedDescriptorBlocks: number | undefined;
}

/** Encodes the superblock, which has no copies elsewhere in the image. */
export function encodeSuperblock(fields: SuperblockFields): Buffer {
  const bytes = Buffer.alloc(SUPERBLOCK_SIZE);
  writeConstants(bytes);
  bytes.writeUInt32LE(fields.inodes, SUPERBLOCK.inodes);
  bytes.writeUInt32LE(fields.blocks, SUPERBLOCK.blocks);
  bytes.writeUInt32LE(fields.freeBlocks, SUPERBLOCK.freeBlocks);
  bytes.writeUInt32LE(fields.freeInodes, SUPERBLOCK.freeInodes);
  bytes.writeUInt32LE(fields.blocksPerGroup, SUPERBLOCK.blocksPerGroup);
  bytes.writeUInt32LE(fields.blocksPerGroup, SUPERBLOCK.clustersPerGroup);
  bytes.writeUInt32LE(fields.inodesPerGroup, SUPERBLOCK.inodesPerGroup);
  for (const at of [SUPERBLOCK.writeTime, SUPERBLOCK.lastCheck, SUPERBLOCK.creationTime]) {
    bytes.writeUInt32LE(fields.timestamp, at);
  }
  const readOnly = fields.isReadOnly ? READ_ONLY_COMPATIBLE.readOnly : 0;
  bytes.writeUInt32LE(FEATURES.readOnlyCompatible | readOnly, SUPERBLOCK.readOnlyCompatible);
  const inline = fields.hasInlineData ? INCOMPATIBLE.inlineData : 0;
  bytes.writeUInt32LE(FEATURES.incompatible | inline, SUPERBLOCK.incompatible);
  const resize = fields.reservedDescriptorBlocks === undefined ? 0 : COMPATIBLE.resizeInode;
  bytes.writeUInt32LE(FEATURES.compatible | resize, SUPERBLOCK.compatible);
  bytes.writeUInt16LE(fields.reservedDescriptorBlocks ?? 0, SUPERBLOCK.reservedDescriptorBlocks);
  bytes.set(fields.uuid.subarray(0, 16), SUPERBLOCK.uuid);
  bytes.set(fields.label.subarray(0, LABEL_SIZE), SUPERBLOCK.label);
  for (const [index, word] of fields.hashSeed.entries()) {
    bytes.writeUInt32LE(word, SUPERBLOCK.hashSeed + 4 * index);
  }
  return bytes;
}

function writeConstants(bytes: Buffer): void {
  const logBlockSize = Math.log2(BLOCK_SIZE / 1024);
  bytes.writeUInt32LE(logBlockSize, SUPERBLOCK.logBlockSize);
  bytes.writeUInt32LE(logBlockSize, SUPERBLOCK.logClusterSize);
  bytes.writeUInt16LE(NO_MOUNT_LIMIT, SUPERBLOCK.maxMountCount);
  bytes.writeUInt16LE(SUPERBLOCK_MAGIC, SUPERBLOCK.magic);
  bytes.writeUInt16LE(STATE_CLEAN, SUPERBLOCK.state);
  bytes.writeUInt16LE(ERRORS_CONTINUE, SUPERBLOCK.errors);
  bytes.writeUInt32LE(REVISION_DYNAMIC, SUPERBLOCK.revision);
  bytes.writeUInt32LE(INODE_NUMBER.first, SUPERBLOCK.firstInode);
  bytes.writeUInt16LE(INODE_SIZE, SUPERBLOCK.inodeSize);
  bytes.writeUInt8(HALF_MD4, SUPERBLOCK.hashVersion);
  bytes.writeUInt32LE(MOUNT_XATTRS_AND_ACLS, SUPERBLOCK.mountOptions);
  bytes.writeUInt16LE(EXTRA_SIZE, SUPERBLOCK.minExtraSize);
  bytes.writeUInt16LE(EXTRA_SIZE, SUPERBLOCK.wantedExtraSize);
  bytes.writeUInt32LE(FLAG_UNSIGNED_HASH, SUPERBLOCK.flags);
  bytes.writeUInt8(LOG_GROUPS_PER_FLEX, SUPERBLOCK.logGroupsPerFlex);
}
