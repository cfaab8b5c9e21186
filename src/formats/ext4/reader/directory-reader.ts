import { DIRECTORY_ENTRY } from "../directory.ts";
import { INODE_FLAG } from "../inode.ts";
import { contentRuns } from "./content-runs.ts";
import { blockChecksumFault, nameFault, parseNames, type StoredName } from "./directory-block.ts";
import { ImageFault } from "./image-fault.ts";
import type { Image } from "./image.ts";
import type { InodeView } from "./inode-view.ts";
import { inlineValue } from "./stored-xattrs.ts";

/** Bytes of a directory that are read at once. */
const PIECE_SIZE = 2 ** 20;
/** Bytes before the entries of a directory that lies in its inode: the number of its parent. */
const INLINE_HEADER_SIZE = 4;
/** Names of one directory that are read at most, so that a hostile one cannot exhaust memory. */
const NAMES_MAX = 2 ** 22;

/** A block of a directory and its names. */
export interface DirectoryPart {
  /** Undefined if the directory lies in its inode. */
  block: number | undefined;
  /** `.` and `..` come first in the first part. */
  names: StoredName[];
}

/** What to do with a fault of one part: throw, or remember it and go on with the next part. */
export type OnFault = (fault: ImageFault) => void;

/**
 * Reads a directory from its first block to its last; blocks of its index have no names.
 *
 * @throws {ImageFault} if its map of blocks is damaged, and what `onFault` throws
 */
export function* directoryParts(
  image: Image,
  inode: InodeView,
  onFault: OnFault,
): Generator<DirectoryPart, void> {
  if (inode.has(INODE_FLAG.encrypted)) throw new ImageFault("it is encrypted", { inode: inode.number });
  if (inode.has(INODE_FLAG.inlineData)) yield inlinePart(image, inode, onFault);
  else yield* blockParts(image, inode, onFault);
}

/**
 * Reads all names of a directory without `.` and `..`, in no order.
 *
 * @throws {ImageFault} if the directory is damaged, or a name is none that a file can have
 */
export function readNames(image: Image, inode: InodeView): StoredName[] {
  const found: StoredName[] = [];
  const fail = (fault: string, block?: number): never => {
    throw new ImageFault(fault, { inode: inode.number, ...(block === undefined ? {} : { block }) });
  };
  let isFirst = true;
  for (const { block, names } of directoryParts(image, inode, throwFault)) {
    if (isFirst && !beginsWithDots(names, inode.number)) fail('it does not begin with "." and ".."', block);
    for (const name of isFirst ? names.slice(2) : names) {
      const fault = nameFault(name.name);
      if (fault !== undefined) fail(fault, block);
      found.push(name);
    }
    isFirst = false;
    if (found.length > NAMES_MAX) fail(`it has more than ${NAMES_MAX} names`);
  }
  if (isFirst) fail("it is a directory without blocks");
  return found;
}

/** Whether the first names of a directory are its own and its parent's. */
export function beginsWithDots([dot, dotDot]: readonly StoredName[], self: number): boolean {
  return dot?.name === "." && dot.inode === self && dotDot?.name === "..";
}

function throwFault(fault: ImageFault): void {
  throw fault;
}

function* blockParts(image: Image, inode: InodeView, onFault: OnFault): Generator<DirectoryPart, void> {
  const { blockSize, blocks } = image.superblock;
  if (inode.size % blockSize !== 0 || inode.size > blocks * blockSize)
    throw new ImageFault(`it is a directory of ${inode.size} bytes`, { inode: inode.number });
  for (const { offset, length, position } of contentRuns(image, inode)) {
    if (position === undefined) {
      onFault(new ImageFault(`it is a directory with a hole of ${length} bytes`, { inode: inode.number }));
      continue;
    }
    for (let done = 0; done < length; done += PIECE_SIZE) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_SIZE, length - done));
      image.source.read(piece, position + done);
      for (let at = 0; at < piece.length; at += blockSize) {
        const block = (position + done + at) / blockSize;
        const isFirst = offset + done + at === 0;
        yield* blockPart(
          image,
          inode,
          { bytes: piece.subarray(at, at + blockSize), block, isFirst },
          onFault,
        );
      }
    }
  }
}

function* blockPart(
  { superblock }: Image,
  inode: InodeView,
  { bytes, block, isFirst }: { bytes: Buffer; block: number; isFirst: boolean },
  onFault: OnFault,
): Generator<DirectoryPart, void> {
  const place = { inode: inode.number, block };
  const fault = blockChecksumFault(bytes, inode, superblock, isFirst);
  if (fault !== undefined) onFault(new ImageFault(fault, place));
  const names = namesOrFault(bytes, superblock, place, onFault);
  if (names !== undefined) yield { block, names };
}

function namesOrFault(
  area: Buffer,
  superblock: Image["superblock"],
  place: { inode: number; block?: number },
  onFault: OnFault,
): StoredName[] | undefined {
  try {
    return parseNames(area, superblock, (fault) => {
      throw new ImageFault(`the directory is damaged: ${fault}`, place);
    });
  } catch (error) {
    if (!(error instanceof ImageFault)) throw error;
    onFault(error);
    return undefined;
  }
}

/** A small directory lies in two areas; each has entries that span it. */
function inlinePart(image: Image, inode: InodeView, onFault: OnFault): DirectoryPart {
  const place = { inode: inode.number };
  const parent = inode.block.readUInt32LE(DIRECTORY_ENTRY.inode);
  const areas = [inode.block.subarray(INLINE_HEADER_SIZE), inlineValue(inode)];
  const names = areas.flatMap((area) => namesOrFault(area, image.superblock, place, onFault) ?? []);
  return {
    block: undefined,
    names: [
      { name: ".", inode: inode.number, type: undefined },
      { name: "..", inode: parent, type: undefined },
      ...names,
    ],
  };
}
