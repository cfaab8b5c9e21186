import { crc32cRaw } from "../../crc32c.ts";
import { EXTENT_HEADER, EXTENT_INDEX, EXTENT_LEAF, EXTENT_MAGIC, EXTENT_MAX_BLOCKS } from "../extent-tree.ts";
import type { MappedFile, MappedRun } from "./mapped-file.ts";
import { checksumText, ImageFault } from "./image-fault.ts";

/** More levels than a file of 2^32 blocks can need. */
const DEPTH_MAX = 5;
/** Blocks of a file are counted in 32 bits. */
const LOGICAL_END = 2 ** 32;
const CHECKSUM_SIZE = 4;

/** A node of the tree, and the blocks of the file that it may tell of. */
interface Node {
  bytes: Buffer;
  /** The block that it is; undefined for the root, which lies in the inode. */
  block: number | undefined;
  depth: number;
  from: number;
  to: number;
}

/**
 * Reads the tree of a file's extents.
 *
 * Blocks of the file ascend strictly through the whole tree and no node but the root may be empty, so a tree that
 * refers to itself, or twice to a node, is found at once.
 *
 * @throws {ImageFault}
 */
export function extentRuns(file: MappedFile): Generator<MappedRun, void> {
  const bytes = file.inode.block;
  const depth = bytes.readUInt16LE(EXTENT_HEADER.depth);
  if (depth > DEPTH_MAX) throw fault(file, undefined, `its tree of extents has ${depth} levels`);
  return nodeRuns(file, { bytes, block: undefined, depth, from: 0, to: LOGICAL_END });
}

function* nodeRuns(file: MappedFile, node: Node): Generator<MappedRun, void> {
  const count = requireHeader(file, node);
  if (node.depth === 0) {
    yield* leafRuns(file, node, count);
    return;
  }
  let from = node.from;
  for (let index = 0; index < count; index++) {
    const at = EXTENT_HEADER.size + index * EXTENT_INDEX.size;
    const logical = node.bytes.readUInt32LE(at + EXTENT_INDEX.block);
    const to = index + 1 < count ? node.bytes.readUInt32LE(at + EXTENT_INDEX.size) : node.to;
    if (logical < from || to <= logical || to > node.to)
      throw fault(file, node.block, `its extents are not in order at block ${logical} of the file`);
    const low = node.bytes.readUInt32LE(at + EXTENT_INDEX.childLow);
    const block = low + node.bytes.readUInt16LE(at + EXTENT_INDEX.childHigh) * 2 ** 32;
    const bytes = file.image.block(block, { inode: file.inode.number });
    file.onNode(block);
    yield* nodeRuns(file, { bytes, block, depth: node.depth - 1, from: logical, to });
    from = to;
  }
}

function* leafRuns(
  file: MappedFile,
  { bytes, block, from, to }: Node,
  count: number,
): Generator<MappedRun, void> {
  let end = from;
  for (let index = 0; index < count; index++) {
    const at = EXTENT_HEADER.size + index * EXTENT_LEAF.size;
    const logical = bytes.readUInt32LE(at + EXTENT_LEAF.block);
    const length = bytes.readUInt16LE(at + EXTENT_LEAF.count);
    const isWritten = length <= EXTENT_MAX_BLOCKS;
    const run: MappedRun = {
      logical,
      start:
        bytes.readUInt32LE(at + EXTENT_LEAF.startLow) +
        bytes.readUInt16LE(at + EXTENT_LEAF.startHigh) * 2 ** 32,
      count: isWritten ? length : length - EXTENT_MAX_BLOCKS,
      isWritten,
    };
    if (logical < end || run.count === 0 || logical + run.count > to)
      throw fault(file, block, `its extents are not in order at block ${logical} of the file`);
    file.image.requireBlocks(run.start, run.count, { inode: file.inode.number });
    end = logical + run.count;
    yield run;
  }
}

/** @returns the number of entries */
function requireHeader(file: MappedFile, { bytes, block, depth }: Node): number {
  const magic = bytes.readUInt16LE(EXTENT_HEADER.magic);
  const count = bytes.readUInt16LE(EXTENT_HEADER.entries);
  const most = bytes.readUInt16LE(EXTENT_HEADER.max);
  const found = bytes.readUInt16LE(EXTENT_HEADER.depth);
  if (magic !== EXTENT_MAGIC) throw fault(file, block, "a node of its extents has no magic number");
  if (found !== depth)
    throw fault(file, block, `a node of its extents has depth ${found} instead of ${depth}`);
  const capacity = Math.floor((bytes.length - EXTENT_HEADER.size) / EXTENT_LEAF.size);
  if (count > most || most > capacity)
    throw fault(file, block, `a node of its extents has ${count} of at most ${most} entries`);
  if (count === 0 && (block !== undefined || depth > 0))
    throw fault(file, block, "a node of its extents is empty");
  if (block !== undefined) requireChecksum(file, bytes, { block, most });
  return count;
}

function requireChecksum(
  file: MappedFile,
  bytes: Buffer,
  { block, most }: { block: number; most: number },
): void {
  const at = EXTENT_HEADER.size + most * EXTENT_LEAF.size;
  if (!file.image.superblock.hasChecksums) return;
  if (at + CHECKSUM_SIZE > bytes.length)
    throw fault(file, block, "a node of its extents has no room for a checksum");
  const found = bytes.readUInt32LE(at);
  const expected = crc32cRaw(bytes.subarray(0, at), file.inode.checksumSeed);
  if (found !== expected) throw fault(file, block, checksumText("a node of its extents", found, expected));
}

function fault({ inode }: MappedFile, block: number | undefined, found: string): ImageFault {
  return new ImageFault(found, { inode: inode.number, ...(block === undefined ? {} : { block }) });
}
