import { readBytes, type ByteSource } from "../../byte-io.ts";
import { crc32cRaw } from "../../crc32c.ts";
import { INCOMPATIBLE, READ_ONLY_COMPATIBLE } from "../constants.ts";
import { GROUP_DESCRIPTOR_SIZE } from "../group-descriptor.ts";
import { isSuperblock, LABEL_SIZE, SUPERBLOCK, SUPERBLOCK_POSITION, SUPERBLOCK_SIZE } from "../superblock.ts";
import type { FeatureWords } from "./features.ts";
import { checksumText, ImageFault } from "./image-fault.ts";

/** What a superblock says; sizes in bytes, positions in blocks. */
export interface Superblock {
  blockSize: number;
  blocks: number;
  freeBlocks: number;
  /** The block that the first group begins with. */
  firstDataBlock: number;
  blocksPerGroup: number;
  groups: number;
  /** Blocks that one bit of a block bitmap stands for. */
  clusterBlocks: number;
  inodes: number;
  freeInodes: number;
  inodesPerGroup: number;
  inodeSize: number;
  /** The first inode that may have a name, beside the root. */
  firstInode: number;
  descriptorSize: number;
  /** Blocks kept for descriptors of groups that may be added. */
  reservedDescriptorBlocks: number;
  /** Descriptor blocks from this one on lie in the groups that they describe; none if undefined. */
  firstMetaGroup: number | undefined;
  /** The groups that have copies of the superblock, if just two have. */
  backupGroups: readonly [number, number];
  features: FeatureWords;
  hasChecksums: boolean;
  /** What all checksums of this file system go on from. */
  checksumSeed: number;
  uuid: Uint8Array;
  label: string;
  /** Whether it was unmounted and had no errors. */
  isClean: boolean;
  /** Seconds since 1970. */
  creationTime: number;
  writeTime: number;
  /** Inodes that the file system has for itself, apart from the reserved ones. */
  hiddenInodes: readonly number[];
  journalInode: number;
  multiMountBlock: number;
}

const REVISION_ORIGINAL = { inodeSize: 128, firstInode: 11 } as const;
const LOG_BLOCK_SIZE_MAX = 6;
const INODE_SIZE_MIN = 128;
/** What mke2fs makes at least; fewer would only make very many groups. */
const BLOCKS_PER_GROUP_MIN = 256;
const DESCRIPTOR_SIZE_MAX = 1024;
const CHECKSUM_CRC32C = 1;
const CRC_START = 0xffffffff;

/**
 * Reads and checks the superblock of a file system, whose size is at most that of the source.
 *
 * @throws {ImageFault}
 */
export function readSuperblock(source: ByteSource): Superblock {
  if (source.size < SUPERBLOCK_POSITION + SUPERBLOCK_SIZE)
    throw new ImageFault(`it has ${source.size} bytes, too few for a superblock`);
  const superblock = parseSuperblock(readBytes(source, SUPERBLOCK_POSITION, SUPERBLOCK_SIZE));
  const fault = faultOf(superblock);
  if (fault !== undefined) throw new ImageFault(`the superblock is damaged: ${fault}`);
  const size = superblock.blocks * superblock.blockSize;
  if (size > source.size)
    throw new ImageFault(
      `it is cut short: its file system has ${size} bytes, of which ${source.size} are there`,
    );
  return superblock;
}

function parseSuperblock(bytes: Buffer): Superblock {
  if (!isSuperblock(bytes)) throw new ImageFault("it has no ext4 superblock");
  const u16 = (at: number): number => bytes.readUInt16LE(at);
  const u32 = (at: number): number => bytes.readUInt32LE(at);
  const features: FeatureWords = {
    compatible: u32(SUPERBLOCK.compatible),
    incompatible: u32(SUPERBLOCK.incompatible),
    readOnlyCompatible: u32(SUPERBLOCK.readOnlyCompatible),
  };
  const isWide = (features.incompatible & INCOMPATIBLE.wide) !== 0;
  const logBlockSize = u32(SUPERBLOCK.logBlockSize);
  if (logBlockSize > LOG_BLOCK_SIZE_MAX) throw new ImageFault(`its blocks have 2^${logBlockSize} KiB`);
  const isOriginal = u32(SUPERBLOCK.revision) === 0;
  const blockCounts = {
    blocks: u32(SUPERBLOCK.blocks) + (isWide ? u32(SUPERBLOCK.blocksHigh) * 2 ** 32 : 0),
    firstDataBlock: u32(SUPERBLOCK.firstDataBlock),
    blocksPerGroup: u32(SUPERBLOCK.blocksPerGroup),
  };
  return {
    ...blockCounts,
    ...checksumsOf(bytes, features),
    blockSize: 1024 << logBlockSize,
    freeBlocks: u32(SUPERBLOCK.freeBlocks) + (isWide ? u32(SUPERBLOCK.freeBlocksHigh) * 2 ** 32 : 0),
    groups: Math.ceil((blockCounts.blocks - blockCounts.firstDataBlock) / blockCounts.blocksPerGroup),
    clusterBlocks: clusterBlocksOf(bytes, features),
    inodes: u32(SUPERBLOCK.inodes),
    freeInodes: u32(SUPERBLOCK.freeInodes),
    inodesPerGroup: u32(SUPERBLOCK.inodesPerGroup),
    inodeSize: isOriginal ? REVISION_ORIGINAL.inodeSize : u16(SUPERBLOCK.inodeSize),
    firstInode: isOriginal ? REVISION_ORIGINAL.firstInode : u32(SUPERBLOCK.firstInode),
    descriptorSize: isWide ? u16(SUPERBLOCK.descriptorSize) : GROUP_DESCRIPTOR_SIZE,
    reservedDescriptorBlocks: u16(SUPERBLOCK.reservedDescriptorBlocks),
    firstMetaGroup:
      (features.incompatible & INCOMPATIBLE.metaGroups) === 0 ? undefined : u32(SUPERBLOCK.firstMetaGroup),
    backupGroups: [u32(SUPERBLOCK.backupGroups), u32(SUPERBLOCK.backupGroups + 4)],
    features,
    ...identityOf(bytes),
    ...hiddenPartsOf(bytes, features),
  };
}

function checksumsOf(
  bytes: Buffer,
  features: FeatureWords,
): Pick<Superblock, "hasChecksums" | "checksumSeed"> {
  const hasChecksums = (features.readOnlyCompatible & READ_ONLY_COMPATIBLE.metadataChecksums) !== 0;
  if (!hasChecksums) return { hasChecksums, checksumSeed: 0 };
  const type = bytes.readUInt8(SUPERBLOCK.checksumType);
  if (type !== CHECKSUM_CRC32C) throw new ImageFault(`its checksums are of the unknown type ${type}`);
  const found = bytes.readUInt32LE(SUPERBLOCK.checksum);
  const expected = crc32cRaw(bytes.subarray(0, SUPERBLOCK.checksum), CRC_START);
  if (found !== expected) throw new ImageFault(checksumText("the superblock", found, expected));
  const isStored = (features.incompatible & INCOMPATIBLE.checksumSeed) !== 0;
  const uuid = bytes.subarray(SUPERBLOCK.uuid, SUPERBLOCK.uuid + 16);
  return {
    hasChecksums,
    checksumSeed: isStored ? bytes.readUInt32LE(SUPERBLOCK.checksumSeed) : crc32cRaw(uuid, CRC_START),
  };
}

function clusterBlocksOf(bytes: Buffer, { readOnlyCompatible }: FeatureWords): number {
  if ((readOnlyCompatible & READ_ONLY_COMPATIBLE.clusters) === 0) return 1;
  const log = bytes.readUInt32LE(SUPERBLOCK.logClusterSize) - bytes.readUInt32LE(SUPERBLOCK.logBlockSize);
  if (log < 0 || log > 16) throw new ImageFault(`the superblock is damaged: a cluster has 2^${log} blocks`);
  return 2 ** log;
}

function identityOf(
  bytes: Buffer,
): Pick<Superblock, "uuid" | "label" | "isClean" | "creationTime" | "writeTime"> {
  const label = bytes.subarray(SUPERBLOCK.label, SUPERBLOCK.label + LABEL_SIZE);
  const end = label.indexOf(0);
  return {
    uuid: Uint8Array.from(bytes.subarray(SUPERBLOCK.uuid, SUPERBLOCK.uuid + 16)),
    label: label.toString("utf8", 0, end === -1 ? LABEL_SIZE : end),
    isClean: (bytes.readUInt16LE(SUPERBLOCK.state) & 3) === 1,
    creationTime: timeAt(bytes, SUPERBLOCK.creationTime, SUPERBLOCK.creationTimeHigh),
    writeTime: timeAt(bytes, SUPERBLOCK.writeTime, SUPERBLOCK.writeTimeHigh),
  };
}

function timeAt(bytes: Buffer, low: number, high: number): number {
  return bytes.readUInt32LE(low) + bytes.readUInt8(high) * 2 ** 32;
}

function hiddenPartsOf(
  bytes: Buffer,
  { incompatible }: FeatureWords,
): Pick<Superblock, "hiddenInodes" | "journalInode" | "multiMountBlock"> {
  const places = [
    SUPERBLOCK.userQuotaInode,
    SUPERBLOCK.groupQuotaInode,
    SUPERBLOCK.projectQuotaInode,
    SUPERBLOCK.orphanFileInode,
    SUPERBLOCK.journalInode,
  ];
  const hasMultiMount = (incompatible & INCOMPATIBLE.multiMountProtection) !== 0;
  return {
    hiddenInodes: places.map((at) => bytes.readUInt32LE(at)).filter((number) => number !== 0),
    journalInode: bytes.readUInt32LE(SUPERBLOCK.journalInode),
    multiMountBlock: hasMultiMount ? Number(bytes.readBigUInt64LE(SUPERBLOCK.multiMountBlock)) : 0,
  };
}

function faultOf(superblock: Superblock): string | undefined {
  const { blockSize, blocks, firstDataBlock, blocksPerGroup, inodesPerGroup, inodes, inodeSize } = superblock;
  const { descriptorSize, clusterBlocks, groups, firstInode } = superblock;
  const bitmapBits = 8 * blockSize;
  const first = blockSize === 1024 && clusterBlocks === 1 ? 1 : 0;
  if (firstDataBlock !== first) return `its first group begins with block ${firstDataBlock}`;
  if (blocks <= firstDataBlock) return `it has ${blocks} blocks`;
  if (
    blocksPerGroup < BLOCKS_PER_GROUP_MIN ||
    blocksPerGroup % 8 !== 0 ||
    blocksPerGroup > bitmapBits * clusterBlocks
  )
    return `its groups have ${blocksPerGroup} blocks`;
  if (inodesPerGroup < 1 || inodesPerGroup > bitmapBits) return `its groups have ${inodesPerGroup} inodes`;
  if (inodes !== groups * inodesPerGroup)
    return `it has ${inodes} inodes in ${groups} groups of ${inodesPerGroup}`;
  if (!isPowerOfTwo(inodeSize) || inodeSize < INODE_SIZE_MIN || inodeSize > blockSize)
    return `its inodes have ${inodeSize} bytes`;
  if (firstInode < REVISION_ORIGINAL.firstInode || firstInode > inodes)
    return `its first inode is ${firstInode}`;
  const isDescriptorSize = isPowerOfTwo(descriptorSize) && descriptorSize >= GROUP_DESCRIPTOR_SIZE;
  if (!isDescriptorSize || descriptorSize > DESCRIPTOR_SIZE_MAX)
    return `its group descriptors have ${descriptorSize} bytes`;
  return undefined;
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
