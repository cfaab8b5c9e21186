import { INODE_NUMBER, MODE_TYPE, PATH_MAX } from "../constants.ts";
import { GROUP_FLAG } from "../group-descriptor.ts";
import { blockRuns, hasBlocks } from "../reader/block-runs.ts";
import type { InodeView } from "../reader/inode-view.ts";
import { readWhole } from "../reader/read-whole.ts";
import { RESERVATIONS_BLOCK, RESIZE_INODE } from "../resize-inode.ts";
import { claim, groupAt, type Verification } from "./verification.ts";
import { verifyDirectory } from "./verify-directory.ts";
import { verifyXattrs } from "./verify-xattrs.ts";

/** Verifies each inode in use: itself, its map of blocks, its extended attributes, the names of directories. */
export function verifyInodes(verification: Verification): void {
  for (const inode of usedInodes(verification)) {
    verification.used.add(inode.number);
    if (inode.type === "directory") verification.directories.add(inode.number);
  }
  for (const inode of usedInodes(verification)) {
    const place = { inode: inode.number };
    verification.findings.guard(place, () => verifyInode(verification, inode));
  }
}

/** All inodes in use of all groups whose tables can be read, ascending. */
export function* usedInodes(verification: Verification): Generator<InodeView, void> {
  const { image, inodes } = verification;
  const { groups, inodesPerGroup } = image.superblock;
  for (let group = 0; group < groups; group++) {
    const found = groupAt(verification, group);
    if (found === undefined || (found.flags & GROUP_FLAG.inodesUnset) !== 0) continue;
    const first = group * inodesPerGroup + 1;
    const end = first + inodesPerGroup - Math.min(found.unusedInodes, inodesPerGroup);
    for (let number = first; number < end; number++) {
      const inode = inodes.raw(number);
      if (inode.links !== 0) yield inode;
    }
  }
}

/** Whether an inode is the file system's own and has no name. */
export function isHidden({ image }: Verification, number: number): boolean {
  const { firstInode, hiddenInodes } = image.superblock;
  return (number < firstInode && number !== INODE_NUMBER.root) || hiddenInodes.includes(number);
}

function verifyInode(verification: Verification, inode: InodeView): void {
  const { findings, image } = verification;
  const { number } = inode;
  const place = { inode: number };
  if (inode.checksumFault !== undefined) findings.add(inode.checksumFault, place);
  // The groups have claimed the blocks that it lists.
  if (number === RESIZE_INODE) {
    const own = inode.bytes.readUInt32LE(RESERVATIONS_BLOCK);
    if (own !== 0) claim(verification, { start: own, count: 1 }, place);
    return;
  }
  if (inode.type === undefined && !isHidden(verification, number)) {
    findings.add(`there is no type of file 0o${(inode.mode & MODE_TYPE.mask).toString(8)}`, place);
    return;
  }
  if (!inode.isExtraSizeValid) findings.add(`its extra fields have ${inode.extraSize} bytes`, place);
  const xattrSize = inode.isExtraSizeValid ? verifyXattrs(verification, inode) : 0;
  const isSound = findings.guard(place, () => verifyBlocks(verification, inode, xattrSize));
  if (!isSound || isHidden(verification, number)) return;
  if (inode.type === "directory") verifyDirectory(verification, inode);
  if (inode.type !== "symlink") return;
  const target = readWhole(image, inode, PATH_MAX);
  if (target.length === 0 || target.includes(0)) findings.add("its target is empty or contains NUL", place);
}

/** Claims all blocks of a file, and compares their number with that in the inode. */
function verifyBlocks(verification: Verification, inode: InodeView, xattrSize: number): void {
  const { image, findings } = verification;
  const place = { inode: inode.number };
  let count = 0;
  const take = (start: number, length: number): void => {
    count += length;
    claim(verification, { start, count: length }, place);
  };
  if (hasBlocks(inode)) {
    for (const run of blockRuns(image, inode, (block) => take(block, 1))) take(run.start, run.count);
  }
  const { blockSize, clusterBlocks } = image.superblock;
  const expected = count * blockSize + xattrSize;
  const { allocatedSize } = inode;
  // Where blocks are handed out by clusters, those are counted.
  if (allocatedSize === expected || clusterBlocks > 1) return;
  findings.add(`it counts ${allocatedSize} bytes of blocks instead of ${expected}`, place);
}
