import type { ByteSource } from "../byte-io.ts";
import { FormatError } from "../format-error.ts";
import { BLOCK_SIZE, BLOCKS_PER_GROUP, COMPATIBLE, INCOMPATIBLE, READ_ONLY_COMPATIBLE } from "./constants.ts";
import { GROUP_DESCRIPTOR_SIZE } from "./group-descriptor.ts";
import { RESERVED_DESCRIPTOR_BLOCKS_MAX } from "./resize-inode.ts";
import { findSuperblock, SUPERBLOCK } from "./superblock.ts";

/** How a file system is made larger; counts and block numbers. */
export interface GrowPlan {
  superblock: Buffer;
  blocks: { before: number; after: number };
  groups: { before: number; after: number };
  blocksPerGroup: number;
  inodesPerGroup: number;
  inodeSize: number;
  /** Blocks of one group's inode table. */
  tableBlocks: number;
  /** First block of the new groups' bitmaps and inode tables, which lie side by side. */
  metadata: number;
  /** Blocks that the group descriptors take. */
  descriptorBlocks: { before: number; after: number };
}

const KNOWN = {
  compatible:
    COMPATIBLE.preallocatedDirectories |
    COMPATIBLE.hasJournal |
    COMPATIBLE.extendedAttributes |
    COMPATIBLE.resizeInode |
    COMPATIBLE.directoryIndex |
    COMPATIBLE.sparseSuper2,
  incompatible:
    INCOMPATIBLE.fileType | INCOMPATIBLE.extents | INCOMPATIBLE.flexibleGroups | INCOMPATIBLE.inlineData,
  readOnlyCompatible:
    READ_ONLY_COMPATIBLE.largeFile |
    READ_ONLY_COMPATIBLE.hugeFile |
    READ_ONLY_COMPATIBLE.directoryLinks |
    READ_ONLY_COMPATIBLE.extraInodeSize |
    READ_ONLY_COMPATIBLE.readOnly,
} as const;

const STATE_CLEAN = 1;
const BLOCKS_MAX = 2 ** 32 - 1;

/**
 * Plans how the file system on a disk is made as large as a disk of `size` bytes lets it be.
 *
 * @returns undefined if the disk begins with no ext4 file system, or it is as large already
 * @throws {FormatError} if the file system is one that cannot be made larger; nothing has been changed then
 */
export function planGrowth(disk: ByteSource, size: number): GrowPlan | undefined {
  const superblock = findSuperblock(disk);
  if (superblock === undefined) return undefined;
  const fault = kindFault(superblock) ?? layoutFault(superblock, disk.size);
  if (fault !== undefined) throw refusal(fault);
  const before = superblock.readUInt32LE(SUPERBLOCK.blocks);
  const after = Math.min(Math.floor(size / BLOCK_SIZE), BLOCKS_MAX);
  return after <= before ? undefined : divide(superblock, before, after);
}

function refusal(what: string): FormatError {
  return new FormatError(`Cannot grow the ext4 file system: ${what}`, {
    hint: "Check it with e2fsck -f, and grow it with resize2fs on the disk",
  });
}

function kindFault(superblock: Buffer): string | undefined {
  const unknown = (at: number, known: number): number => superblock.readUInt32LE(at) & ~known;
  const incompatible = superblock.readUInt32LE(SUPERBLOCK.incompatible);
  if ((incompatible & INCOMPATIBLE.needsRecovery) !== 0) return "its journal has to be replayed";
  const features = [
    unknown(SUPERBLOCK.compatible, KNOWN.compatible),
    unknown(SUPERBLOCK.incompatible, KNOWN.incompatible),
    unknown(SUPERBLOCK.readOnlyCompatible, KNOWN.readOnlyCompatible),
  ].map((bits) => bits >>> 0);
  if (features.some((bits) => bits !== 0)) {
    return `it has features 0x${features.map((bits) => bits.toString(16)).join(", 0x")} that are not served`;
  }
  if (
    (superblock.readUInt32LE(SUPERBLOCK.compatible) & COMPATIBLE.sparseSuper2) === 0 ||
    hasBackups(superblock)
  ) {
    return "it has copies of its superblock";
  }
  if (superblock.readUInt16LE(SUPERBLOCK.state) !== STATE_CLEAN) return "it was not unmounted, or has errors";
  return superblock.readUInt32LE(SUPERBLOCK.lastOrphan) === 0 ? undefined : "it has files to be deleted";
}

function hasBackups(superblock: Buffer): boolean {
  return superblock.readBigUInt64LE(SUPERBLOCK.backupGroups) !== 0n;
}

function layoutFault(superblock: Buffer, diskSize: number): string | undefined {
  const word = (at: number): number => superblock.readUInt32LE(at);
  const [blocks, blocksPerGroup] = [word(SUPERBLOCK.blocks), word(SUPERBLOCK.blocksPerGroup)];
  if (word(SUPERBLOCK.logBlockSize) !== Math.log2(BLOCK_SIZE / 1024))
    return `its blocks have not ${BLOCK_SIZE} bytes`;
  if (blocks * BLOCK_SIZE > diskSize) return `its ${blocks} blocks are more than the disk has`;
  if (blocks === 0 || blocksPerGroup === 0 || blocksPerGroup > BLOCKS_PER_GROUP || blocksPerGroup % 8 !== 0) {
    return `its groups have ${blocksPerGroup} blocks`;
  }
  const groups = Math.ceil(blocks / blocksPerGroup);
  const [inodesPerGroup, inodeSize] = [word(SUPERBLOCK.inodesPerGroup), inodeSizeOf(superblock)];
  const isTableWhole = (inodesPerGroup * inodeSize) % BLOCK_SIZE === 0 && inodesPerGroup % 8 === 0;
  const isInodeSize = inodeSize >= 128 && inodeSize <= BLOCK_SIZE && (inodeSize & (inodeSize - 1)) === 0;
  if (!isInodeSize || !isTableWhole || inodesPerGroup === 0 || inodesPerGroup > 8 * BLOCK_SIZE) {
    return `its groups have ${inodesPerGroup} inodes of ${inodeSize} bytes`;
  }
  if (word(SUPERBLOCK.inodes) !== groups * inodesPerGroup || word(SUPERBLOCK.firstDataBlock) !== 0) {
    return `it has ${word(SUPERBLOCK.inodes)} inodes in ${groups} groups`;
  }
  const kept = word(SUPERBLOCK.reservedBlocks);
  if (kept > blocks) return `it keeps ${kept} of ${blocks} blocks for root`;
  const reserved = superblock.readUInt16LE(SUPERBLOCK.reservedDescriptorBlocks);
  const isReservedSound = reserved <= RESERVED_DESCRIPTOR_BLOCKS_MAX;
  return isReservedSound ? undefined : `it keeps ${reserved} blocks for group descriptors`;
}

function inodeSizeOf(superblock: Buffer): number {
  return superblock.readUInt16LE(SUPERBLOCK.inodeSize);
}

/** Leaves out a last group that has no room for its own bitmaps and inode table. */
function divide(superblock: Buffer, before: number, wanted: number): GrowPlan | undefined {
  const blocksPerGroup = superblock.readUInt32LE(SUPERBLOCK.blocksPerGroup);
  const inodesPerGroup = superblock.readUInt32LE(SUPERBLOCK.inodesPerGroup);
  const inodeSize = inodeSizeOf(superblock);
  const tableBlocks = (inodesPerGroup * inodeSize) / BLOCK_SIZE;
  const groupsBefore = Math.ceil(before / blocksPerGroup);
  const most = Math.floor(BLOCKS_MAX / inodesPerGroup);
  let groupsAfter = Math.min(Math.ceil(wanted / blocksPerGroup), most);
  let after = Math.min(wanted, groupsAfter * blocksPerGroup);
  const needed = (): number => (groupsAfter - groupsBefore) * (2 + tableBlocks);
  while (groupsAfter > groupsBefore && before + needed() >= after) {
    groupsAfter--;
    after = groupsAfter * blocksPerGroup;
  }
  if (after <= before) return undefined;
  const plan = {
    superblock,
    blocks: { before, after },
    groups: { before: groupsBefore, after: groupsAfter },
    blocksPerGroup,
    inodesPerGroup,
    inodeSize,
    tableBlocks,
    metadata: before,
    descriptorBlocks: { before: descriptorBlocksOf(groupsBefore), after: descriptorBlocksOf(groupsAfter) },
  };
  const fault = roomFault(plan);
  if (fault !== undefined) throw refusal(fault);
  return plan;
}

function descriptorBlocksOf(groups: number): number {
  return Math.ceil((groups * GROUP_DESCRIPTOR_SIZE) / BLOCK_SIZE);
}

function roomFault({ superblock, groups, descriptorBlocks }: GrowPlan): string | undefined {
  if (groups.after === groups.before) return undefined;
  const isFlexible = (superblock.readUInt32LE(SUPERBLOCK.incompatible) & INCOMPATIBLE.flexibleGroups) !== 0;
  if (!isFlexible) return "its groups are not flexible";
  const reserved = superblock.readUInt16LE(SUPERBLOCK.reservedDescriptorBlocks);
  const missing = descriptorBlocks.after - descriptorBlocks.before - reserved;
  return missing > 0 ? `it lacks ${missing} blocks kept for group descriptors` : undefined;
}
