import { crc32cRaw } from "../../crc32c.ts";
import { quoteName } from "../../format-error.ts";
import { INCOMPATIBLE } from "../constants.ts";
import { DIRECTORY_ENTRY } from "../directory.ts";
import { HASH_INDEX, HASH_NODE, HASH_ROOT } from "../hashed-directory.ts";
import { INODE_FLAG } from "../inode.ts";
import { checksumText } from "./image-fault.ts";
import type { InodeView } from "./inode-view.ts";
import type { Superblock } from "./superblock-reader.ts";

/** A name as a directory has it. */
export interface StoredName {
  /** A byte string. */
  name: string;
  inode: number;
  /** One of `ENTRY_TYPE`; undefined where directories tell no types. */
  type: number | undefined;
}

/** An entry at the end of a block whose last four bytes are the block's checksum. */
const TAIL = { size: 12, checksum: 8, length: 12, type: 0xde } as const;
/** Where the checksum of an index lies behind its entries. */
const INDEX_TAIL = { checksum: 4, size: 8 } as const;

/**
 * Reads the entries of a block or of another area of entries, in their order, `.` and `..` included.
 *
 * @param fail is given the fault and throws
 */
export function parseNames(
  area: Buffer,
  { features }: Superblock,
  fail: (fault: string) => never,
): StoredName[] {
  const hasTypes = (features.incompatible & INCOMPATIBLE.fileType) !== 0;
  const found: StoredName[] = [];
  for (let at = 0; at < area.length;) {
    if (at + DIRECTORY_ENTRY.name > area.length) fail(`the entry at byte ${at} is cut short`);
    const length = recordLength(area, at);
    const nameLength = hasTypes
      ? area.readUInt8(at + DIRECTORY_ENTRY.nameLength)
      : area.readUInt16LE(at + DIRECTORY_ENTRY.nameLength);
    const nameAt = at + DIRECTORY_ENTRY.name;
    const isWhole = length % 4 === 0 && nameAt + nameLength <= at + length && at + length <= area.length;
    if (!isWhole) fail(`the entry at byte ${at} has ${length} bytes and a name of ${nameLength}`);
    const inode = area.readUInt32LE(at + DIRECTORY_ENTRY.inode);
    if (inode !== 0) {
      const name = area.toString("latin1", nameAt, nameAt + nameLength);
      found.push({ name, inode, type: hasTypes ? area.readUInt8(at + DIRECTORY_ENTRY.type) : undefined });
    }
    at += length;
  }
  return found;
}

/** Two values that 16 bits cannot tell otherwise stand for 65536. */
function recordLength(area: Buffer, at: number): number {
  const length = area.readUInt16LE(at + DIRECTORY_ENTRY.recordLength);
  if (area.length < 65536) return length;
  return length === 0 || length === 65535 ? 65536 : (length & 65532) | ((length & 3) << 16);
}

/** Why no file can have this name, if none can. */
export function nameFault(name: string): string | undefined {
  const isHostile = name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0");
  return isHostile ? `${quoteName(name)} is no name` : undefined;
}

/**
 * Tells whether the checksum of a directory's block is wrong, where the image has checksums.
 *
 * @param isFirst whether it is the directory's first block
 */
export function blockChecksumFault(
  block: Buffer,
  inode: InodeView,
  { hasChecksums }: Superblock,
  isFirst: boolean,
): string | undefined {
  if (!hasChecksums) return undefined;
  const isIndex = inode.has(INODE_FLAG.index) && (isFirst || recordLength(block, 0) === block.length);
  const expected = isIndex ? indexChecksum(block, inode) : leafChecksum(block, inode);
  if (expected === undefined) return "it has no room for its checksum";
  const { found, computed } = expected;
  return found === computed ? undefined : checksumText("the directory", found, computed);
}

function leafChecksum(block: Buffer, inode: InodeView): { found: number; computed: number } | undefined {
  const at = block.length - TAIL.size;
  const isTail =
    block.readUInt32LE(at) === 0 &&
    block.readUInt16LE(at + DIRECTORY_ENTRY.recordLength) === TAIL.length &&
    block.readUInt8(at + DIRECTORY_ENTRY.nameLength) === 0 &&
    block.readUInt8(at + DIRECTORY_ENTRY.type) === TAIL.type;
  if (!isTail) return undefined;
  const computed = crc32cRaw(block.subarray(0, at), inode.checksumSeed);
  return { found: block.readUInt32LE(at + TAIL.checksum), computed };
}

function indexChecksum(block: Buffer, inode: InodeView): { found: number; computed: number } | undefined {
  const isNode = recordLength(block, 0) === block.length;
  const start = isNode ? HASH_NODE.index : HASH_ROOT.index;
  const limit = block.readUInt16LE(start + HASH_INDEX.limit);
  const count = block.readUInt16LE(start + HASH_INDEX.count);
  const tail = start + limit * HASH_INDEX.size;
  if (count > limit || tail + INDEX_TAIL.size > block.length) return undefined;
  const parts = [
    block.subarray(0, start + count * HASH_INDEX.size),
    block.subarray(tail, tail + INDEX_TAIL.checksum),
    Buffer.alloc(4),
  ];
  const computed = parts.reduce((crc, part) => crc32cRaw(part, crc), inode.checksumSeed);
  return { found: block.readUInt32LE(tail + INDEX_TAIL.checksum), computed };
}
