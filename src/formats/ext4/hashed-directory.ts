import { BLOCK_SIZE } from "./constants.ts";
import { NameHasher } from "./directory-hash.ts";
import {
  DIRECTORY_ENTRY,
  dotEntries,
  entryLength,
  packEntries,
  writeEntry,
  type DirectoryEntry,
} from "./directory.ts";

/**
 * Offsets of a hashed directory's root block, in bytes, behind entries for `.` and `..` that span it.
 *
 * @see https://docs.kernel.org/filesystems/ext4/directory.html#hash-tree-directories
 */
export const HASH_ROOT = { dotDot: 12, version: 28, infoLength: 29, levels: 30, index: 32 } as const;
/** Offset of the index in an inner block, behind an empty entry that spans it. */
export const HASH_NODE = { index: 8 } as const;
/** An index is a list of these; the first one has two counts where the others have their hash. */
export const HASH_INDEX = { limit: 0, count: 2, hash: 0, block: 4, size: 8 } as const;

/** Halved MD4, the value of a root's version byte. */
export const HALF_MD4 = 1;

const capacity = (start: number): number => (BLOCK_SIZE - start) / HASH_INDEX.size;
const ROOT_CAPACITY = capacity(HASH_ROOT.index);
const NODE_CAPACITY = capacity(HASH_NODE.index);

/** A block of the directory and the lowest hash of the names in and below it. */
interface IndexEntry {
  hash: number;
  block: number;
}

/**
 * Lays out a directory as a hash tree: its root, inner blocks if the root does not suffice, blocks with the entries.
 *
 * @returns the blocks in the directory's order, or undefined if it has too many entries for such a tree
 */
export function packHashedDirectory(
  directory: { self: number; parent: number; entries: readonly DirectoryEntry[] },
  seed: readonly number[],
): Buffer[] | undefined {
  const hasher = new NameHasher(seed);
  const sorted = directory.entries
    .map(({ name, inode, type }) => {
      const { major, minor } = hasher.hash(name);
      return { name, inode, type, major, minor };
    })
    .toSorted((a, b) => a.major - b.major || a.minor - b.minor);
  const hashes: number[] = [];
  const leaves = packEntries(sorted, (first, index) => {
    // The lowest bit, which no hash has set, tells that the previous block ends with the same hash.
    const isContinued = index > 0 && sorted[index - 1]?.major === first.major;
    hashes.push(isContinued ? first.major + 1 : first.major);
  });
  return leaves.length > ROOT_CAPACITY * NODE_CAPACITY ? undefined : addIndex(directory, leaves, hashes);
}

function addIndex(
  directory: { self: number; parent: number },
  leaves: Buffer[],
  hashes: readonly number[],
): Buffer[] {
  const nodeCount = leaves.length > ROOT_CAPACITY ? Math.ceil(leaves.length / NODE_CAPACITY) : 0;
  const entries = hashes.map((hash, index) => ({ hash, block: 1 + nodeCount + index }));
  const nodes: Buffer[] = [];
  const parents: IndexEntry[] = [];
  for (let node = 0; node < nodeCount; node++) {
    const own = entries.slice(node * NODE_CAPACITY, (node + 1) * NODE_CAPACITY);
    parents.push({ hash: own[0]?.hash ?? 0, block: 1 + node });
    nodes.push(encodeNode(own));
  }
  return [
    encodeRoot(directory, nodeCount > 0 ? parents : entries, nodeCount > 0 ? 1 : 0),
    ...nodes,
    ...leaves,
  ];
}

function encodeRoot(
  { self, parent }: { self: number; parent: number },
  entries: readonly IndexEntry[],
  levels: number,
): Buffer {
  const root = Buffer.alloc(BLOCK_SIZE);
  const [dot, dotDot] = dotEntries(self, parent);
  if (dot === undefined || dotDot === undefined) throw new Error("unreachable: no dot entries");
  writeEntry(root, 0, dot, entryLength(dot.name));
  writeEntry(root, HASH_ROOT.dotDot, dotDot, BLOCK_SIZE - HASH_ROOT.dotDot);
  root.writeUInt8(HALF_MD4, HASH_ROOT.version);
  root.writeUInt8(8, HASH_ROOT.infoLength);
  root.writeUInt8(levels, HASH_ROOT.levels);
  encodeIndex(root.subarray(HASH_ROOT.index), entries);
  return root;
}

function encodeNode(entries: readonly IndexEntry[]): Buffer {
  const node = Buffer.alloc(BLOCK_SIZE);
  node.writeUInt16LE(BLOCK_SIZE, DIRECTORY_ENTRY.recordLength);
  encodeIndex(node.subarray(HASH_NODE.index), entries);
  return node;
}

function encodeIndex(area: Buffer, entries: readonly IndexEntry[]): void {
  for (const [index, { hash, block }] of entries.entries()) {
    const at = index * HASH_INDEX.size;
    area.writeUInt32LE(hash, at + HASH_INDEX.hash);
    area.writeUInt32LE(block, at + HASH_INDEX.block);
  }
  area.writeUInt16LE(area.length / HASH_INDEX.size, HASH_INDEX.limit);
  area.writeUInt16LE(entries.length, HASH_INDEX.count);
}
