import { BLOCK_SIZE, MODE_TYPE } from "./constants.ts";

/** One name in a directory. */
export interface DirectoryEntry {
  /** A byte string. */
  name: string;
  inode: number;
  /** One of `ENTRY_TYPE`. */
  type: number;
}

/**
 * Offsets in a directory entry, in bytes; the name follows, and the next entry at a multiple of 4.
 *
 * @see https://docs.kernel.org/filesystems/ext4/directory.html
 */
export const DIRECTORY_ENTRY = { inode: 0, recordLength: 4, nameLength: 6, type: 7, name: 8 } as const;

/** File types as directories tell them. */
export const ENTRY_TYPE = {
  unknown: 0,
  file: 1,
  directory: 2,
  character: 3,
  block: 4,
  fifo: 5,
  socket: 6,
  symlink: 7,
} as const;

const TYPE_OF_MODE: ReadonlyMap<number, number> = new Map([
  [MODE_TYPE.file, ENTRY_TYPE.file],
  [MODE_TYPE.directory, ENTRY_TYPE.directory],
  [MODE_TYPE.character, ENTRY_TYPE.character],
  [MODE_TYPE.block, ENTRY_TYPE.block],
  [MODE_TYPE.fifo, ENTRY_TYPE.fifo],
  [MODE_TYPE.socket, ENTRY_TYPE.socket],
  [MODE_TYPE.symlink, ENTRY_TYPE.symlink],
]);

/** The type that a directory tells of a file with this mode. */
export function entryTypeOf(mode: number): number {
  return TYPE_OF_MODE.get(mode & MODE_TYPE.mask) ?? ENTRY_TYPE.unknown;
}

/** Bytes that an entry takes at least. */
export function entryLength(name: string): number {
  return (DIRECTORY_ENTRY.name + name.length + 3) & ~3;
}

/** The two entries that every directory begins with. */
export function dotEntries(self: number, parent: number): DirectoryEntry[] {
  return [
    { name: ".", inode: self, type: ENTRY_TYPE.directory },
    { name: "..", inode: parent, type: ENTRY_TYPE.directory },
  ];
}

/** Writes an entry that takes `length` bytes. */
export function writeEntry(block: Buffer, at: number, entry: DirectoryEntry, length: number): void {
  block.writeUInt32LE(entry.inode, at + DIRECTORY_ENTRY.inode);
  block.writeUInt16LE(length, at + DIRECTORY_ENTRY.recordLength);
  block.writeUInt8(entry.name.length, at + DIRECTORY_ENTRY.nameLength);
  block.writeUInt8(entry.type, at + DIRECTORY_ENTRY.type);
  block.write(entry.name, at + DIRECTORY_ENTRY.name, "latin1");
}

/**
 * Packs entries into blocks, in their order; the last entry of each reaches to the block's end.
 *
 * @param startBlock is told the first entry of each block and its index among the entries
 */
export function packEntries<Entry extends DirectoryEntry>(
  entries: readonly Entry[],
  startBlock?: (first: Entry, index: number) => void,
): Buffer[] {
  const blocks: Buffer[] = [];
  let block = Buffer.alloc(0);
  let at = 0;
  let previous = 0;
  for (const [index, entry] of entries.entries()) {
    const length = entryLength(entry.name);
    if (at + length > block.length) {
      closeBlock(block, previous);
      block = Buffer.alloc(BLOCK_SIZE);
      startBlock?.(entry, index);
      blocks.push(block);
      at = 0;
    }
    writeEntry(block, at, entry, length);
    previous = at;
    at += length;
  }
  closeBlock(block, previous);
  return blocks;
}

function closeBlock(block: Buffer, lastEntry: number): void {
  if (block.length > 0)
    block.writeUInt16LE(block.length - lastEntry, lastEntry + DIRECTORY_ENTRY.recordLength);
}
