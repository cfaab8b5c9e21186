import { INODE_FLAG } from "../inode.ts";
import { blockRuns, isFastSymlink } from "./block-runs.ts";
import { ImageFault } from "./image-fault.ts";
import type { Image } from "./image.ts";
import type { InodeView } from "./inode-view.ts";
import { inlineValue } from "./stored-xattrs.ts";

/** A part of a file's contents. Without `position` and `bytes` it is a hole, which reads as zeros. */
export interface ContentRun {
  /** Position in the file and length, in bytes. */
  offset: number;
  length: number;
  /** Position in the image, in bytes. */
  position?: number;
  /** The contents themselves, where they lie in the inode. */
  bytes?: Buffer;
}

/** Blocks of a file are counted in 32 bits. */
const BLOCKS_MAX = 2 ** 32;

/**
 * Divides the contents of a file, a directory or a symlink into data and holes, ascending and without gaps; data that
 * lies side by side is in one part, however many extents it has.
 *
 * @throws {ImageFault} if they are encrypted, or the map of blocks is damaged
 */
export function* contentRuns(image: Image, inode: InodeView): Generator<ContentRun, void> {
  const { size, number } = inode;
  if (inode.has(INODE_FLAG.encrypted)) throw new ImageFault("it is encrypted", { inode: number });
  if (size > BLOCKS_MAX * image.superblock.blockSize)
    throw new ImageFault(`its size is ${size} bytes`, { inode: number });
  const inner = innerContents(inode);
  if (inner !== undefined) {
    const length = Math.min(size, inner.length);
    if (length > 0) yield { offset: 0, length, bytes: inner.subarray(0, length) };
    // A file that grew without being written lies in its inode as before.
    if (size > length) yield { offset: length, length: size - length };
    return;
  }
  let end = 0;
  for (const run of dataRuns(image, inode)) {
    if (run.offset > end) yield { offset: end, length: run.offset - end };
    const length = Math.min(run.length, size - run.offset);
    yield { ...run, length };
    end = run.offset + length;
  }
  if (end < size) yield { offset: end, length: size - end };
}

/** The contents where they lie in the inode. */
function innerContents(inode: InodeView): Buffer | undefined {
  if (inode.has(INODE_FLAG.inlineData)) return Buffer.concat([inode.block, inlineValue(inode)]);
  return inode.type === "symlink" && isFastSymlink(inode) ? inode.block : undefined;
}

/** The written blocks, joined where they are neighbours. */
function* dataRuns(image: Image, inode: InodeView): Generator<Required<Omit<ContentRun, "bytes">>, void> {
  const { blockSize } = image.superblock;
  let last: Required<Omit<ContentRun, "bytes">> | undefined;
  for (const { logical, start, count, isWritten } of blockRuns(image, inode)) {
    if (logical * blockSize >= inode.size) break;
    if (!isWritten) continue;
    const run = { offset: logical * blockSize, length: count * blockSize, position: start * blockSize };
    const isNext =
      last !== undefined &&
      last.offset + last.length === run.offset &&
      last.position + last.length === run.position;
    if (last !== undefined && isNext) last.length += run.length;
    else {
      if (last !== undefined) yield last;
      last = run;
    }
  }
  if (last !== undefined) yield last;
}
