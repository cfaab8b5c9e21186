import { crc32cRaw } from "../../crc32c.ts";
import { COMPATIBLE, READ_ONLY_COMPATIBLE } from "../constants.ts";
import { GROUP_DESCRIPTOR as LOW, GROUP_DESCRIPTOR_HIGH as HIGH } from "../group-descriptor.ts";
import { crc16 } from "./crc16.ts";
import { checksumText, ImageFault } from "./image-fault.ts";
import type { Image } from "./image.ts";
import type { Superblock } from "./superblock-reader.ts";

/** What the file system says of one group; positions in blocks. */
export interface Group {
  blockBitmap: number;
  inodeBitmap: number;
  inodeTable: number;
  freeBlocks: number;
  freeInodes: number;
  directories: number;
  flags: number;
  /** Inodes at the end of the table that were never in use. */
  unusedInodes: number;
  blockBitmapChecksum: number;
  inodeBitmapChecksum: number;
}

const CRC16_START = 0xffff;

/** Reads the descriptors of the groups of an image. */
export class GroupTable {
  readonly #image: Image;

  constructor(image: Image) {
    this.#image = image;
  }

  /**
   * What the file system says of a group.
   *
   * @throws {ImageFault} if the descriptor is damaged or its tables lie outside the image
   */
  at(group: number): Group {
    const { superblock } = this.#image;
    const descriptor = this.#descriptor(group);
    const fault = checksumFault(superblock, group, descriptor);
    if (fault !== undefined) throw new ImageFault(fault, { group });
    const found = parseGroup(descriptor, superblock.descriptorSize >= HIGH.size);
    if (!hasGroupChecksums(superblock)) Object.assign(found, { flags: 0, unusedInodes: 0 });
    this.#image.requireBlocks(found.inodeTable, inodeTableBlocks(superblock), { group });
    return found;
  }

  #descriptor(group: number): Buffer {
    const { superblock } = this.#image;
    const { descriptorSize, blockSize } = superblock;
    const perBlock = blockSize / descriptorSize;
    const block = this.#image.block(descriptorBlock(superblock, Math.floor(group / perBlock)), { group });
    const at = (group % perBlock) * descriptorSize;
    return block.subarray(at, at + descriptorSize);
  }
}

/** Blocks of the inode table of each group. */
export function inodeTableBlocks({ inodesPerGroup, inodeSize, blockSize }: Superblock): number {
  return Math.ceil((inodesPerGroup * inodeSize) / blockSize);
}

/** The first block of a group. */
export function firstBlockOf({ firstDataBlock, blocksPerGroup }: Superblock, group: number): number {
  return firstDataBlock + group * blocksPerGroup;
}

/** Where the block of the descriptor table with this index lies. */
export function descriptorBlock(superblock: Superblock, index: number): number {
  const { firstMetaGroup, firstDataBlock, blockSize, descriptorSize } = superblock;
  // The superblock lies at byte 1024, whether or not the first group begins there.
  const bootBlocks = blockSize === 1024 && firstDataBlock === 0 ? 1 : 0;
  if (firstMetaGroup === undefined || index < firstMetaGroup) return firstDataBlock + bootBlocks + 1 + index;
  const group = index * (blockSize / descriptorSize);
  const first = firstBlockOf(superblock, group) + (group === 0 ? bootBlocks : 0);
  return first + (hasSuperblock(superblock, group) ? 1 : 0);
}

/** Whether a group begins with the superblock or a copy of it. */
export function hasSuperblock({ features, backupGroups }: Superblock, group: number): boolean {
  if (group === 0) return true;
  if ((features.compatible & COMPATIBLE.sparseSuper2) !== 0) return backupGroups.includes(group);
  if (group === 1 || (features.readOnlyCompatible & READ_ONLY_COMPATIBLE.sparseSuper) === 0) return true;
  return [3, 5, 7].some((base) => isPowerOf(base, group));
}

function isPowerOf(base: number, value: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}

/** Only where descriptors have checksums do flags and the count of unused inodes mean something. */
function hasGroupChecksums({ hasChecksums, features }: Superblock): boolean {
  return hasChecksums || (features.readOnlyCompatible & READ_ONLY_COMPATIBLE.groupChecksums) !== 0;
}

function parseGroup(bytes: Buffer, isWide: boolean): Group {
  const wide = (low: number, high: number): number =>
    bytes.readUInt32LE(low) + (isWide ? bytes.readUInt32LE(high) * 2 ** 32 : 0);
  const short = (low: number, high: number): number =>
    bytes.readUInt16LE(low) + (isWide ? bytes.readUInt16LE(high) * 2 ** 16 : 0);
  return {
    blockBitmap: wide(LOW.blockBitmap, HIGH.blockBitmap),
    inodeBitmap: wide(LOW.inodeBitmap, HIGH.inodeBitmap),
    inodeTable: wide(LOW.inodeTable, HIGH.inodeTable),
    freeBlocks: short(LOW.freeBlocks, HIGH.freeBlocks),
    freeInodes: short(LOW.freeInodes, HIGH.freeInodes),
    directories: short(LOW.directories, HIGH.directories),
    flags: bytes.readUInt16LE(LOW.flags),
    unusedInodes: short(LOW.unusedInodes, HIGH.unusedInodes),
    blockBitmapChecksum: short(LOW.blockBitmapChecksum, HIGH.blockBitmapChecksum),
    inodeBitmapChecksum: short(LOW.inodeBitmapChecksum, HIGH.inodeBitmapChecksum),
  };
}

function checksumFault(superblock: Superblock, group: number, descriptor: Buffer): string | undefined {
  const { hasChecksums, checksumSeed, uuid } = superblock;
  if (!hasGroupChecksums(superblock)) return undefined;
  const number = Buffer.alloc(4);
  number.writeUInt32LE(group);
  const head = descriptor.subarray(0, LOW.checksum);
  const tail = descriptor.subarray(LOW.checksum + 2);
  const found = descriptor.readUInt16LE(LOW.checksum);
  const parts = hasChecksums
    ? [number, head, Buffer.alloc(2), tail]
    : [Buffer.from(uuid), number, head, tail];
  const expected = hasChecksums
    ? parts.reduce((crc, part) => crc32cRaw(part, crc), checksumSeed) & 0xffff
    : parts.reduce((crc, part) => crc16(part, crc), CRC16_START);
  return found === expected ? undefined : checksumText("the group descriptor", found, expected);
}
