import { crc32cRaw } from "../../crc32c.ts";
import { GROUP_DESCRIPTOR_HIGH, GROUP_FLAG } from "../group-descriptor.ts";
import { firstBlockOf, type Group } from "../reader/group-table.ts";
import { checksumText } from "../reader/image-fault.ts";
import { blocksText, groupAt, type Verification } from "./verification.ts";

/** A bitmap and what it should say. */
interface Bitmap {
  group: number;
  what: "block" | "inode";
  /** The block that it lies in; undefined if the group is marked as having none. */
  bytes: Buffer | undefined;
  count: number;
  isUsed: (index: number) => boolean;
  /** Tells the units from `start` to `end`, not included. */
  text: (start: number, end: number) => string;
}

/** Compares bitmaps and counts of free blocks and inodes with what is really in use. */
export function verifyBitmaps(verification: Verification): void {
  const { superblock } = verification.image;
  const free = { blocks: 0, inodes: 0 };
  let isWhole = true;
  for (let number = 0; number < superblock.groups; number++) {
    const group = groupAt(verification, number);
    if (group === undefined) isWhole = false;
    else
      verification.findings.guard({ group: number }, () => {
        free.blocks += verifyBlockBitmap(verification, number, group);
        free.inodes += verifyInodeBitmap(verification, number, group);
      });
  }
  if (!isWhole) return;
  const freeBlocks = free.blocks * superblock.clusterBlocks;
  compare(verification, [superblock.freeBlocks, freeBlocks], "free blocks");
  compare(verification, [superblock.freeInodes, free.inodes], "free inodes");
}

function verifyBlockBitmap(verification: Verification, number: number, group: Group): number {
  const { image, claimed } = verification;
  const { blocks, blocksPerGroup, clusterBlocks, blockSize } = image.superblock;
  const first = firstBlockOf(image.superblock, number);
  const end = Math.min(blocks, first + blocksPerGroup);
  const isUnset = (group.flags & GROUP_FLAG.blocksUnset) !== 0;
  const bytes = isUnset ? undefined : image.block(group.blockBitmap, { group: number });
  if (bytes !== undefined) {
    const covered = bytes.subarray(0, Math.min(blockSize, blocksPerGroup / clusterBlocks / 8));
    verifyChecksum(verification, number, ["the block bitmap", covered, group.blockBitmapChecksum]);
  }
  const free = countFree(verification, {
    group: number,
    what: "block",
    bytes,
    count: Math.ceil((end - first) / clusterBlocks),
    isUsed(index) {
      const start = first + index * clusterBlocks;
      for (let block = start; block < start + clusterBlocks; block++) if (claimed.has(block)) return true;
      return false;
    },
    text: (from, to) => blocksText(first + from * clusterBlocks, first + to * clusterBlocks),
  });
  compare(verification, [group.freeBlocks, free], "free blocks", number);
  return free;
}

function verifyInodeBitmap(verification: Verification, number: number, group: Group): number {
  const { image, used, directories } = verification;
  const { inodesPerGroup, firstInode } = image.superblock;
  const first = number * inodesPerGroup + 1;
  const isUnset = (group.flags & GROUP_FLAG.inodesUnset) !== 0;
  const bytes = isUnset ? undefined : image.block(group.inodeBitmap, { group: number });
  if (bytes !== undefined) {
    const covered = bytes.subarray(0, inodesPerGroup / 8);
    verifyChecksum(verification, number, ["the inode bitmap", covered, group.inodeBitmapChecksum]);
  }
  let directoryCount = 0;
  const free = countFree(verification, {
    group: number,
    what: "inode",
    bytes,
    count: inodesPerGroup,
    isUsed(index) {
      if (directories.has(first + index)) directoryCount++;
      return first + index < firstInode || used.has(first + index);
    },
    text: (from, to) =>
      to - from === 1 ? `inode ${first + from}` : `inodes ${first + from}-${first + to - 1}`,
  });
  compare(verification, [group.freeInodes, free], "free inodes", number);
  compare(verification, [group.directories, directoryCount], "directories", number);
  return free;
}

/** Tells where the bitmap is wrong. @returns how many units are really free */
function countFree({ findings }: Verification, { group, bytes, count, isUsed, text }: Bitmap): number {
  let free = 0;
  let wrong: { start: number; isUsed: boolean } | undefined;
  const tell = (end: number): void => {
    if (wrong !== undefined) {
      const verb = end - wrong.start === 1 ? "is" : "are";
      const what = wrong.isUsed ? `${verb} in use but marked free` : `${verb} marked in use but free`;
      findings.add(`${text(wrong.start, end)} ${what}`, { group });
    }
    wrong = undefined;
  };
  for (let index = 0; index < count; index++) {
    const isReallyUsed = isUsed(index);
    if (!isReallyUsed) free++;
    const isMarked =
      bytes === undefined ? isReallyUsed : (((bytes[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1;
    if (wrong !== undefined && (isMarked === isReallyUsed || wrong.isUsed !== isReallyUsed)) tell(index);
    if (isMarked !== isReallyUsed) wrong ??= { start: index, isUsed: isReallyUsed };
  }
  tell(count);
  return free;
}

function verifyChecksum(
  { image, findings }: Verification,
  group: number,
  [what, covered, found]: [what: string, covered: Buffer, found: number],
): void {
  const { hasChecksums, checksumSeed, descriptorSize } = image.superblock;
  if (!hasChecksums) return;
  const whole = crc32cRaw(covered, checksumSeed);
  const expected = descriptorSize >= GROUP_DESCRIPTOR_HIGH.size ? whole : whole & 0xffff;
  if (found !== expected) findings.add(checksumText(what, found, expected), { group });
}

function compare(
  { findings }: Verification,
  [found, expected]: [found: number, expected: number],
  what: string,
  group?: number,
): void {
  if (found === expected) return;
  const who = group === undefined ? "the superblock" : "it";
  findings.add(`${who} counts ${found} ${what} instead of ${expected}`, group === undefined ? {} : { group });
}
