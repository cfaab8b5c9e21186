import { COMPATIBLE } from "../constants.ts";
import { descriptorBlock, firstBlockOf, hasSuperblock, inodeTableBlocks } from "../reader/group-table.ts";
import { claim, type Verification } from "./verification.ts";

/** Claims what the file system needs for itself: superblocks, descriptors, bitmaps, tables of inodes. */
export function verifyGroups(verification: Verification): void {
  const { image, findings, groups } = verification;
  const { superblock } = image;
  for (let group = 0; group < superblock.groups; group++) {
    claimHead(verification, group);
    findings.guard({ group }, () => {
      const found = groups.at(group);
      for (const bitmap of [found.blockBitmap, found.inodeBitmap]) {
        image.requireBlocks(bitmap, 1, { group });
        claim(verification, { start: bitmap, count: 1 }, { group });
      }
      claim(verification, { start: found.inodeTable, count: inodeTableBlocks(superblock) }, { group });
    });
  }
  if (superblock.multiMountBlock !== 0)
    claim(verification, { start: superblock.multiMountBlock, count: 1 }, {});
}

/** The superblock or its copy, and the descriptors behind it. */
function claimHead(verification: Verification, group: number): void {
  const { superblock } = verification.image;
  const { blockSize, descriptorSize, firstMetaGroup, features, groups, blocks } = superblock;
  const first = firstBlockOf(superblock, group);
  const bootBlocks = group === 0 && blockSize === 1024 && first === 0 ? 1 : 0;
  const hasCopy = hasSuperblock(superblock, group);
  if (hasCopy) claim(verification, { start: first, count: bootBlocks + 1 }, { group });
  const perBlock = blockSize / descriptorSize;
  const tableBlocks = Math.ceil(groups / perBlock);
  const plainBlocks = Math.min(tableBlocks, firstMetaGroup ?? tableBlocks);
  const hasReserve = (features.compatible & COMPATIBLE.resizeInode) !== 0;
  const reserve = hasReserve ? superblock.reservedDescriptorBlocks : 0;
  const count = Math.min(plainBlocks + reserve, blocks - first - bootBlocks - 1);
  if (hasCopy && count > 0) claim(verification, { start: first + bootBlocks + 1, count }, { group });
  const index = Math.floor(group / perBlock);
  // The first, the second and the last group of a meta group have its descriptors.
  const isHolder = [0, 1, perBlock - 1].includes(group % perBlock);
  if (firstMetaGroup === undefined || index < firstMetaGroup || !isHolder) return;
  const start = group % perBlock === 0 ? descriptorBlock(superblock, index) : first + (hasCopy ? 1 : 0);
  claim(verification, { start, count: 1 }, { group });
}
