import type { FileEntry } from "../file-entry.ts";
import { ENTRY_TYPE, entryLength, writeEntry, type DirectoryEntry } from "./directory.ts";
import { INODE, INODE_SIZE } from "./inode.ts";
import { inlineSpace } from "./xattr.ts";

/** Bytes of contents that an inode has a place of its own for; the rest is an extended attribute. */
export const INLINE_HEAD_SIZE = INODE.blockEnd - INODE.block;

/** A small directory begins with the number of its parent instead of entries for itself and its parent. */
const PARENT_SIZE = 4;

/**
 * Tells how many bytes of contents an inode can hold beside its extended attributes: at most 128.
 *
 * @throws {FormatError} whose message begins with the fault, if an attribute is refused
 * @see https://docs.kernel.org/filesystems/ext4/inlinedata.html
 */
export function inlineCapacity(xattrs: ReadonlyMap<string, Uint8Array> = new Map()): number {
  const rest = inlineSpace(xattrs, INODE_SIZE - INODE.xattrs);
  return rest < 0 ? 0 : INLINE_HEAD_SIZE + rest;
}

/** Whether the contents of a file go into its inode. @throws {FormatError} if an attribute is refused */
export function isInlineFile({ type, size, xattrs }: FileEntry): boolean {
  // The first test spares most files the look at their attributes.
  return type === "file" && size > 0 && size <= INODE_SIZE && size <= inlineCapacity(xattrs);
}

/** The contents of a small file while they come. */
export class InlineBody {
  readonly contents: Buffer;
  /** Bytes that came so far, even if they are too many. */
  length = 0;

  constructor(size: number) {
    this.contents = Buffer.alloc(size);
  }

  /** Keeps the next bytes. */
  data(chunk: Uint8Array): void {
    const room = Math.max(0, this.contents.length - this.length);
    if (room > 0) this.contents.set(chunk.subarray(0, room), this.length);
    this.length += chunk.length;
  }

  /** Leaves out the next bytes, which are zeros. */
  hole(length: number): void {
    this.length += length;
  }
}

/**
 * Packs a directory for its inode: the parent, entries up to the end of the inode's own place, entries in the attribute.
 *
 * @returns undefined if it does not fit into `capacity` bytes
 * @see https://docs.kernel.org/filesystems/ext4/inlinedata.html#inline-directories
 */
export function packInlineDirectory(
  parent: number,
  entries: readonly DirectoryEntry[],
  capacity: number,
): Buffer | undefined {
  const head: DirectoryEntry[] = [];
  const rest: DirectoryEntry[] = [];
  let headLeft = INLINE_HEAD_SIZE - PARENT_SIZE;
  let size: number = INLINE_HEAD_SIZE;
  for (const entry of entries) {
    const length = entryLength(entry.name);
    if (length <= headLeft) {
      head.push(entry);
      headLeft -= length;
    } else {
      rest.push(entry);
      size += length;
    }
  }
  if (size > capacity) return undefined;
  const contents = Buffer.alloc(size);
  contents.writeUInt32LE(parent);
  writeEntries(contents.subarray(PARENT_SIZE, INLINE_HEAD_SIZE), head);
  if (rest.length > 0) writeEntries(contents.subarray(INLINE_HEAD_SIZE), rest);
  return contents;
}

/** Fills an area with entries, of which the last reaches to its end; a free one if there are none. */
function writeEntries(area: Buffer, entries: readonly DirectoryEntry[]): void {
  const free: DirectoryEntry = { name: "", inode: 0, type: ENTRY_TYPE.unknown };
  const all = entries.length > 0 ? entries : [free];
  let at = 0;
  for (const [index, entry] of all.entries()) {
    const length = index === all.length - 1 ? area.length - at : entryLength(entry.name);
    writeEntry(area, at, entry, length);
    at += length;
  }
}
