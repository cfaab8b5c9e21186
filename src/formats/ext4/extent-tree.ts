import { BLOCK_SIZE } from "./constants.ts";

/** Blocks of a file that lie side by side in the file and in the image. */
export interface Extent {
  /** Position in the file, in blocks. */
  logical: number;
  /** Position in the image, in blocks. */
  start: number;
  count: number;
}

/** Offsets in the header of a node of the tree, in bytes; 12 bytes in all. */
export const EXTENT_HEADER = { magic: 0, entries: 2, max: 4, depth: 6, generation: 8, size: 12 } as const;
/** Offsets in an entry of a leaf, in bytes; 12 bytes in all. */
export const EXTENT_LEAF = { block: 0, count: 4, startHigh: 6, startLow: 8, size: 12 } as const;
/** Offsets in an entry of an inner node, in bytes; 12 bytes in all. */
export const EXTENT_INDEX = { block: 0, childLow: 4, childHigh: 8, size: 12 } as const;

/** First two bytes of every node. */
export const EXTENT_MAGIC = 0xf30a;
/** Most blocks of one extent; a larger count marks it as not yet written. */
export const EXTENT_MAX_BLOCKS = 32768;

/** Bytes of the root, which lies in the inode. */
const ROOT_SIZE = 60;
const capacity = (size: number): number => Math.floor((size - EXTENT_HEADER.size) / EXTENT_LEAF.size);
/** Entries of the root and of a node that is a block. */
export const EXTENT_CAPACITY = { root: capacity(ROOT_SIZE), block: capacity(BLOCK_SIZE) } as const;

/** Appends blocks to a list of extents that is ordered by position in the file, joining neighbours. */
export function appendExtent(extents: Extent[], added: Extent): void {
  let { logical, start, count } = added;
  const last = extents.at(-1);
  if (last !== undefined && last.logical + last.count === logical && last.start + last.count === start) {
    const joined = Math.min(count, EXTENT_MAX_BLOCKS - last.count);
    last.count += joined;
    logical += joined;
    start += joined;
    count -= joined;
  }
  while (count > 0) {
    const part = Math.min(count, EXTENT_MAX_BLOCKS);
    extents.push({ logical, start, count: part });
    logical += part;
    start += part;
    count -= part;
  }
}

/** Takes a block for a node of a tree, writes its bytes there and returns its number. */
export type StoreNode = (node: Buffer) => number;

/**
 * Writes the extents of a file as a tree as flat as possible: its root into `root`, the 60 bytes of an inode,
 * every other node through `store`.
 *
 * @returns the blocks that the nodes took
 * @see https://docs.kernel.org/filesystems/ext4/ifork.html
 */
export function writeExtentTree(root: Buffer, extents: readonly Extent[], store: StoreNode): number[] {
  const nodes: number[] = [];
  let level = extents;
  let depth = 0;
  while (level.length > EXTENT_CAPACITY.root) {
    const parents: Extent[] = [];
    for (let from = 0; from < level.length; from += EXTENT_CAPACITY.block) {
      const node = Buffer.alloc(BLOCK_SIZE);
      const entries = level.slice(from, from + EXTENT_CAPACITY.block);
      encodeNode(node, entries, { depth, max: EXTENT_CAPACITY.block });
      const block = store(node);
      nodes.push(block);
      parents.push({ logical: entries[0]?.logical ?? 0, start: block, count: 1 });
    }
    level = parents;
    depth++;
  }
  encodeNode(root, level, { depth, max: EXTENT_CAPACITY.root });
  return nodes;
}

function encodeNode(node: Buffer, entries: readonly Extent[], header: { depth: number; max: number }): void {
  node.writeUInt16LE(EXTENT_MAGIC, EXTENT_HEADER.magic);
  node.writeUInt16LE(entries.length, EXTENT_HEADER.entries);
  node.writeUInt16LE(header.max, EXTENT_HEADER.max);
  node.writeUInt16LE(header.depth, EXTENT_HEADER.depth);
  for (const [index, entry] of entries.entries()) {
    const at = EXTENT_HEADER.size + index * EXTENT_LEAF.size;
    if (header.depth === 0) {
      node.writeUInt32LE(entry.logical, at + EXTENT_LEAF.block);
      node.writeUInt16LE(entry.count, at + EXTENT_LEAF.count);
      node.writeUInt32LE(entry.start, at + EXTENT_LEAF.startLow);
    } else {
      node.writeUInt32LE(entry.logical, at + EXTENT_INDEX.block);
      node.writeUInt32LE(entry.start, at + EXTENT_INDEX.childLow);
    }
  }
}

/** Reads the extents of a root that has no other nodes below it. */
export function readFlatRoot(root: Buffer): Extent[] {
  const count = root.readUInt16LE(EXTENT_HEADER.entries);
  return Array.from({ length: count }, (_, index) => {
    const at = EXTENT_HEADER.size + index * EXTENT_LEAF.size;
    return {
      logical: root.readUInt32LE(at + EXTENT_LEAF.block),
      start: root.readUInt32LE(at + EXTENT_LEAF.startLow),
      count: root.readUInt16LE(at + EXTENT_LEAF.count),
    };
  });
}
