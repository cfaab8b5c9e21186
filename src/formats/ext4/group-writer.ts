import { clearBits } from "./bitmap.ts";
import type { BlockRun } from "./block-allocator.ts";
import { BLOCK_SIZE } from "./constants.ts";
import type { ContentStore } from "./content-store.ts";
import { GROUP_DESCRIPTOR_SIZE, writeGroupDescriptor } from "./group-descriptor.ts";
import type { InodeTable } from "./inode-table.ts";
import type { GroupLayout } from "./layout.ts";

/** What is free in a whole image. */
export interface FreeCounts {
  freeBlocks: number;
  freeInodes: number;
}

/** An image whose contents are complete. */
export interface GroupInput {
  content: ContentStore;
  inodes: InodeTable;
  layout: GroupLayout;
  /** Free blocks between the group descriptors and the contents. */
  spare: BlockRun;
}

/** Writes the inode tables, the bitmaps and the group descriptors. */
export function writeGroups({ content, inodes, layout, spare }: GroupInput): FreeCounts {
  writeTables(content, inodes, layout.tables);
  const free = freeByGroup(freeRuns(content, layout, spare), layout);
  const blockMaps = free.map(encodeBlockBitmap);
  const inodeMaps = free.map((_, group) => encodeInodeBitmap(inodes, group, layout.inodesPerGroup));
  content.writeAt(layout.blockBitmaps, Buffer.concat(blockMaps.map(({ bitmap }) => bitmap)));
  content.writeAt(layout.inodeBitmaps, Buffer.concat(inodeMaps.map(({ bitmap }) => bitmap)));
  const descriptors = Buffer.alloc(layout.groups * GROUP_DESCRIPTOR_SIZE);
  const total: FreeCounts = { freeBlocks: 0, freeInodes: 0 };
  for (let group = 0; group < layout.groups; group++) {
    const { freeBlocks } = blockMaps[group] ?? { freeBlocks: 0 };
    const { freeInodes, directories } = inodeMaps[group] ?? { freeInodes: 0, directories: 0 };
    writeGroupDescriptor(descriptors, group * GROUP_DESCRIPTOR_SIZE, {
      blockBitmap: layout.blockBitmaps + group,
      inodeBitmap: layout.inodeBitmaps + group,
      inodeTable: layout.tables + group * layout.tableBlocks,
      freeBlocks,
      freeInodes,
      directories,
    });
    total.freeBlocks += freeBlocks;
    total.freeInodes += freeInodes;
  }
  content.writeAt(1, descriptors);
  return total;
}

/** Writes the inodes in use; the rest of the tables stays unwritten and reads as zeros. */
function writeTables(content: ContentStore, inodes: InodeTable, tables: number): void {
  let block = tables;
  for (const piece of inodes.pieces()) {
    content.writeAt(block, piece);
    block += piece.length / BLOCK_SIZE;
  }
}

/** The free blocks of an image in order: what was given back, descriptors never needed, and the image's end. */
function freeRuns(content: ContentStore, layout: GroupLayout, spare: BlockRun): BlockRun[] {
  const runs = [spare, ...content.blocks.released, { start: layout.end, count: layout.blocks - layout.end }];
  return runs.toSorted((a, b) => a.start - b.start);
}

/** Splits runs at the borders of groups; their starts become offsets in the group. */
function freeByGroup(runs: readonly BlockRun[], { groups, blocksPerGroup }: GroupLayout): BlockRun[][] {
  const split: BlockRun[][] = Array.from({ length: groups }, () => []);
  for (const run of runs) {
    for (let start = run.start; start < run.start + run.count;) {
      const group = Math.floor(start / blocksPerGroup);
      const end = Math.min(run.start + run.count, (group + 1) * blocksPerGroup);
      split[group]?.push({ start: start - group * blocksPerGroup, count: end - start });
      start = end;
    }
  }
  return split;
}

/** Everything that is not free is in use, blocks behind the end of the image included. */
function encodeBlockBitmap(free: readonly BlockRun[]): { bitmap: Buffer; freeBlocks: number } {
  const bitmap = Buffer.alloc(BLOCK_SIZE, 0xff);
  for (const { start, count } of free) clearBits(bitmap, start, start + count);
  return { bitmap, freeBlocks: free.reduce((sum, { count }) => sum + count, 0) };
}

function encodeInodeBitmap(
  inodes: InodeTable,
  group: number,
  inodesPerGroup: number,
): { bitmap: Buffer; freeInodes: number; directories: number } {
  const bitmap = Buffer.alloc(BLOCK_SIZE, 0xff);
  const first = 1 + group * inodesPerGroup;
  const known = Math.max(0, Math.min(inodesPerGroup, inodes.last + 1 - first));
  let freeInodes = inodesPerGroup - known;
  let directories = 0;
  clearBits(bitmap, known, inodesPerGroup);
  for (let index = 0; index < known; index++) {
    if (inodes.isDirectory(first + index)) directories++;
    if (inodes.isUsed(first + index)) continue;
    clearBits(bitmap, index, index + 1);
    freeInodes++;
  }
  return { bitmap, freeInodes, directories };
}
