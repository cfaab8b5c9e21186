import { roundUp } from "../../base/round-up.ts";
import { BLOCK_SIZE, BLOCKS_PER_GROUP } from "./constants.ts";
import { GROUP_DESCRIPTOR_SIZE } from "./group-descriptor.ts";
import { INODE_SIZE } from "./inode.ts";

/*
 * An image in order of blocks: the superblock; the group descriptors of the largest size that it may reach; contents,
 * attributes and directories as they came; the inode tables, block bitmaps and inode bitmaps of all groups.
 */

const INODES_PER_BLOCK = BLOCK_SIZE / INODE_SIZE;
/** One block of bitmap describes them. */
const INODES_PER_GROUP_MAX = 8 * BLOCK_SIZE;
const DESCRIPTORS_PER_BLOCK = BLOCK_SIZE / GROUP_DESCRIPTOR_SIZE;

/** How an image is divided; counts and block numbers. */
export interface GroupLayout {
  groups: number;
  blocksPerGroup: number;
  inodesPerGroup: number;
  /** Blocks of one group's inode table. */
  tableBlocks: number;
  /** First block of the tables, which lie side by side; behind them the block bitmaps and the inode bitmaps. */
  tables: number;
  blockBitmaps: number;
  inodeBitmaps: number;
  /** Blocks in use: all below this number. */
  end: number;
  /** Blocks of the whole image. */
  blocks: number;
}

/** Blocks that the group descriptors of an image of `blocks` blocks take. */
export function descriptorBlocks(blocks: number): number {
  return Math.ceil(Math.ceil(blocks / BLOCKS_PER_GROUP) / DESCRIPTORS_PER_BLOCK);
}

/** Groups that the descriptors reserved for an image of `blocks` blocks can describe. */
export function descriptorCapacity(blocks: number): number {
  return descriptorBlocks(blocks) * DESCRIPTORS_PER_BLOCK;
}

/**
 * Divides an image whose contents take the blocks below `contents`.
 *
 * Groups are as large as can be; only an image of very many small files has smaller ones, because a group has a
 * most number of inodes.
 */
export function planGroups(needs: { contents: number; inodes: number; blocks: number }): GroupLayout {
  let groups = Math.max(
    1,
    Math.ceil(needs.inodes / INODES_PER_GROUP_MAX),
    Math.ceil(needs.blocks / BLOCKS_PER_GROUP),
  );
  for (; ; groups++) {
    const inodesPerGroup = roundUp(Math.ceil(needs.inodes / groups), INODES_PER_BLOCK);
    const tableBlocks = inodesPerGroup / INODES_PER_BLOCK;
    const blockBitmaps = needs.contents + groups * tableBlocks;
    const end = blockBitmaps + 2 * groups;
    const blocks = Math.max(end, needs.blocks);
    if (blocks > groups * BLOCKS_PER_GROUP) continue;
    const isShort = Math.ceil(blocks / BLOCKS_PER_GROUP) < groups;
    const blocksPerGroup = isShort ? roundUp(Math.ceil(blocks / groups), 8) : BLOCKS_PER_GROUP;
    const inodeBitmaps = blockBitmaps + groups;
    return {
      groups,
      blocksPerGroup,
      inodesPerGroup,
      tableBlocks,
      tables: needs.contents,
      blockBitmaps,
      inodeBitmaps,
      end,
      blocks,
    };
  }
}
