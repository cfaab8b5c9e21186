import { DIGEST_SIZE, VERITY_BLOCK_SIZE } from "./superblock.ts";

/** Digests that a block of the tree holds, and so the blocks that it covers. */
export const BLOCK_DIGESTS = VERITY_BLOCK_SIZE / DIGEST_SIZE;

/** Blocks of one level, side by side in the image. */
export interface VerityLevel {
  /** Where the first one lies, in bytes. */
  position: number;
  blocks: number;
}

/**
 * Divides the tree over `dataBlocks` blocks; the level of one block, the root, lies first, at `start`.
 *
 * @returns the levels from the leaves to the root; none if there is a single block of data, which is its own root
 * @see https://docs.kernel.org/admin-guide/device-mapper/verity.html#hash-tree
 */
export function planTree(dataBlocks: number, start: number): VerityLevel[] {
  const counts: number[] = [];
  for (let below = dataBlocks; below > 1;) {
    below = Math.ceil(below / BLOCK_DIGESTS);
    counts.push(below);
  }
  let position = start;
  const rootFirst = counts.toReversed().map((blocks) => {
    const level = { position, blocks };
    position += blocks * VERITY_BLOCK_SIZE;
    return level;
  });
  return rootFirst.toReversed();
}

/** Bytes that a tree over `dataBlocks` blocks adds to an image, the block of its superblock included. */
export function verityOverhead(dataBlocks: number): number {
  return planTree(dataBlocks, 0).reduce((sum, { blocks }) => sum + blocks, 1) * VERITY_BLOCK_SIZE;
}
