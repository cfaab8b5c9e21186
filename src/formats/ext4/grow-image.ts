import { readBytes, type ByteSink, type ByteSource } from "../byte-io.ts";
import { writeZeros } from "../disk/write-zeros.ts";
import { FormatError } from "../format-error.ts";
import { clearBits } from "./bitmap.ts";
import { BLOCK_SIZE } from "./constants.ts";
import { GROUP_DESCRIPTOR, GROUP_DESCRIPTOR_SIZE, writeGroupDescriptor } from "./group-descriptor.ts";
import type { GrowPlan } from "./grow-plan.ts";
import { reservationOffset, RESERVATIONS_BLOCK, RESIZE_INODE, writeOwnedBlocks } from "./resize-inode.ts";
import { SUPERBLOCK, SUPERBLOCK_POSITION } from "./superblock.ts";

/** A disk that holds a file system. */
export interface GrowTarget extends ByteSource, ByteSink {
  /** Brings everything written to the storage device. */
  flush(): void;
}

/**
 * Makes a file system larger as planned; the disk has been made larger before.
 *
 * What is written first lies where the old file system has nothing, or has no meaning to it; the superblock is written
 * last. So a call that was interrupted leaves the old file system, and another call completes the work.
 *
 * @param zerosFrom block from which on the disk is known to hold only zeros
 * @throws {FormatError} if what the descriptors or the inode of kept blocks say cannot be; nothing has been changed then
 */
export function growImage(disk: GrowTarget, plan: GrowPlan, zerosFrom: number): void {
  const descriptors = readDescriptors(disk, plan);
  const lastGroup = extendLastGroup(disk, plan, descriptors);
  const reservations = planReservations(disk, plan, descriptors);
  writeNewGroups(disk, plan, { descriptors, zerosFrom });
  disk.flush();
  disk.write([descriptors], BLOCK_SIZE);
  for (const { bytes, position } of reservations) disk.write([bytes], position);
  disk.flush();
  descriptors.writeUInt16LE(lastGroup.freeBlocks, lastGroup.countOffset);
  disk.write([lastGroup.bitmap], lastGroup.position);
  disk.write([descriptors], BLOCK_SIZE);
  disk.write([grownSuperblock(plan, descriptors)], SUPERBLOCK_POSITION);
  disk.flush();
}

/** The descriptors of all groups, those of new ones still zeros. */
function readDescriptors(disk: ByteSource, { groups, descriptorBlocks }: GrowPlan): Buffer {
  const descriptors = Buffer.alloc(descriptorBlocks.after * BLOCK_SIZE);
  disk.read(descriptors.subarray(0, groups.before * GROUP_DESCRIPTOR_SIZE), BLOCK_SIZE);
  return descriptors;
}

interface LastGroup {
  bitmap: Buffer;
  /** Where the bitmap lies on the disk, in bytes. */
  position: number;
  freeBlocks: number;
  /** Where the descriptors say how many blocks are free, in bytes. */
  countOffset: number;
}

/** Frees what is new of the group that was the last one, and not taken by the new groups' metadata. */
function extendLastGroup(disk: ByteSource, plan: GrowPlan, descriptors: Buffer): LastGroup {
  const last = plan.groups.before - 1;
  const at = last * GROUP_DESCRIPTOR_SIZE;
  const block = descriptors.readUInt32LE(at + GROUP_DESCRIPTOR.blockBitmap);
  if (block === 0 || block >= plan.blocks.before) {
    throw new FormatError(`Cannot grow the ext4 file system: the bitmap of group ${last} is block ${block}`);
  }
  const position = block * BLOCK_SIZE;
  const bitmap = readBytes(disk, position, BLOCK_SIZE);
  const free = freeRange(plan, last);
  clearBits(bitmap, Math.max(free.start, plan.blocks.before - last * plan.blocksPerGroup), free.end);
  return {
    bitmap,
    position,
    freeBlocks: countClearBits(bitmap, free.end),
    countOffset: at + GROUP_DESCRIPTOR.freeBlocks,
  };
}

/** Which blocks of a group are new and free, from its start. */
function freeRange(plan: GrowPlan, group: number): { start: number; end: number } {
  const first = group * plan.blocksPerGroup;
  const metadataEnd = plan.metadata + (plan.groups.after - plan.groups.before) * (2 + plan.tableBlocks);
  const end = Math.min(plan.blocksPerGroup, plan.blocks.after - first);
  return { start: Math.min(end, Math.max(0, metadataEnd - first)), end };
}

/** Writes bitmaps and inode tables of the new groups, and fills in their descriptors. */
function writeNewGroups(
  disk: GrowTarget,
  plan: GrowPlan,
  { descriptors, zerosFrom }: { descriptors: Buffer; zerosFrom: number },
): void {
  const { groups, metadata, tableBlocks, inodesPerGroup } = plan;
  const added = groups.after - groups.before;
  const tables = metadata + 2 * added;
  for (let index = 0; index < added; index++) {
    const { start, end } = freeRange(plan, groups.before + index);
    const [blockBitmap, inodeBitmap] = [Buffer.alloc(BLOCK_SIZE, 0xff), Buffer.alloc(BLOCK_SIZE, 0xff)];
    clearBits(blockBitmap, start, end);
    clearBits(inodeBitmap, 0, inodesPerGroup);
    disk.write([blockBitmap], (metadata + index) * BLOCK_SIZE);
    disk.write([inodeBitmap], (metadata + added + index) * BLOCK_SIZE);
    writeGroupDescriptor(descriptors, (groups.before + index) * GROUP_DESCRIPTOR_SIZE, {
      blockBitmap: metadata + index,
      inodeBitmap: metadata + added + index,
      inodeTable: tables + index * tableBlocks,
      freeBlocks: end - start,
      freeInodes: inodesPerGroup,
      directories: 0,
    });
  }
  const unknownEnd = Math.min(tables + added * tableBlocks, zerosFrom);
  if (unknownEnd > tables) writeZeros(disk, tables * BLOCK_SIZE, (unknownEnd - tables) * BLOCK_SIZE);
}

/** How many of the first `end` bits are clear. */
function countClearBits(bitmap: Buffer, end: number): number {
  let count = 0;
  for (let bit = 0; bit < end; bit++) if ((bitmap.readUInt8(bit >>> 3) & (1 << (bit & 7))) === 0) count++;
  return count;
}

/** The inode that owns the blocks kept for descriptors, and its list of them, without those that come into use. */
function planReservations(
  disk: ByteSource,
  { superblock, descriptorBlocks, inodeSize, blocks }: GrowPlan,
  descriptors: Buffer,
): { bytes: Buffer; position: number }[] {
  const used = descriptorBlocks.after - descriptorBlocks.before;
  if (used === 0) return [];
  const table = descriptors.readUInt32LE(GROUP_DESCRIPTOR.inodeTable);
  const position = table * BLOCK_SIZE + (RESIZE_INODE - 1) * inodeSize;
  const inode = readBytes(disk, position, inodeSize);
  const listBlock = inode.readUInt32LE(RESERVATIONS_BLOCK);
  if (listBlock === 0 || listBlock >= blocks.before) {
    throw new FormatError("Cannot grow the ext4 file system: the inode of its kept blocks is damaged");
  }
  const list = readBytes(disk, listBlock * BLOCK_SIZE, BLOCK_SIZE);
  for (let index = descriptorBlocks.before; index < descriptorBlocks.after; index++) {
    const kept = list.readUInt32LE(reservationOffset(index));
    // An interrupted call may have taken it from the list already.
    if (kept !== 0 && kept !== 1 + index) {
      throw new FormatError(
        `Cannot grow the ext4 file system: block ${1 + index} is not kept for descriptors`,
      );
    }
    list.writeUInt32LE(0, reservationOffset(index));
  }
  writeOwnedBlocks(inode, superblock.readUInt16LE(SUPERBLOCK.reservedDescriptorBlocks) - used);
  return [
    { bytes: list, position: listBlock * BLOCK_SIZE },
    { bytes: inode, position },
  ];
}

function grownSuperblock(plan: GrowPlan, descriptors: Buffer): Buffer {
  const { superblock, blocks, groups, inodesPerGroup, descriptorBlocks } = plan;
  const bytes = Buffer.from(superblock);
  const kept = bytes.readUInt32LE(SUPERBLOCK.reservedBlocks);
  bytes.writeUInt32LE(Math.floor(kept * (blocks.after / blocks.before)), SUPERBLOCK.reservedBlocks);
  bytes.writeUInt32LE(blocks.after, SUPERBLOCK.blocks);
  bytes.writeUInt32LE(groups.after * inodesPerGroup, SUPERBLOCK.inodes);
  bytes.writeUInt32LE(sumOf(descriptors, GROUP_DESCRIPTOR.freeBlocks), SUPERBLOCK.freeBlocks);
  bytes.writeUInt32LE(sumOf(descriptors, GROUP_DESCRIPTOR.freeInodes), SUPERBLOCK.freeInodes);
  const reserved = bytes.readUInt16LE(SUPERBLOCK.reservedDescriptorBlocks);
  const used = descriptorBlocks.after - descriptorBlocks.before;
  bytes.writeUInt16LE(reserved - used, SUPERBLOCK.reservedDescriptorBlocks);
  // Kernels compute it again.
  bytes.writeUInt32LE(0, SUPERBLOCK.overheadBlocks);
  return bytes;
}

function sumOf(descriptors: Buffer, field: number): number {
  let sum = 0;
  for (let at = field; at < descriptors.length; at += GROUP_DESCRIPTOR_SIZE)
    sum += descriptors.readUInt16LE(at);
  return sum;
}
