import { FormatError, quoteName } from "../format-error.ts";
import { toStoredAcl } from "./acl.ts";
import { BLOCK_SIZE } from "./constants.ts";

/** First four bytes of both places where extended attributes lie. */
export const XATTR_MAGIC = 0xea020000;

/** Offsets in the header of an attribute block, in bytes. */
export const XATTR_BLOCK = { magic: 0, references: 4, blocks: 8, hash: 12, checksum: 16, size: 32 } as const;

/** Offsets in an entry, in bytes; the name follows at once and the next entry after it, at a multiple of 4. */
export const XATTR_ENTRY = {
  nameLength: 0,
  nameIndex: 1,
  valueOffset: 2,
  valueInode: 4,
  valueSize: 8,
  hash: 12,
  size: 16,
} as const;

/** Beginnings of names and the numbers that stand for them; the ACLs' have no rest. */
export const XATTR_PREFIXES: readonly { prefix: string; index: number; isWhole?: boolean }[] = [
  { prefix: "system.posix_acl_access", index: 2, isWhole: true },
  { prefix: "system.posix_acl_default", index: 3, isWhole: true },
  { prefix: "system.richacl", index: 8, isWhole: true },
  { prefix: "user.", index: 1 },
  { prefix: "trusted.", index: 4 },
  { prefix: "security.", index: 6 },
  { prefix: "system.", index: 7 },
];

/** The numbers of the names whose values are access control lists. */
export const ACL_INDEXES = new Set([2, 3]);
const NAME_MAX = 255;
const VALUE_MAX = 65536;
const TERMINATOR_SIZE = 4;

/** Holds contents that do not fit into the inode's own place for them; programs never see it. */
export const INLINE_DATA = "system.data";
const INLINE_ATTRIBUTE = { index: 7, name: "data" } as const;

/** Whether Linux has extended attributes of this name; no image can hold others. */
export function isKnownXattr(name: string): boolean {
  return name !== INLINE_DATA && findPrefix(name) !== undefined;
}

function findPrefix(name: string): { prefix: string; index: number } | undefined {
  return XATTR_PREFIXES.find(({ prefix, isWhole = false }) =>
    isWhole ? name === prefix : name.startsWith(prefix) && name.length > prefix.length,
  );
}

function requirePrefix(name: string): { prefix: string; index: number } {
  const known = findPrefix(name);
  if (known === undefined)
    throw new FormatError(`the extended attribute ${quoteName(name)} is of no known kind`);
  return known;
}

interface Attribute {
  index: number;
  /** The name behind its prefix, a byte string. */
  name: string;
  value: Uint8Array;
}

/** Extended attributes of a file as they lie in an image; at most one of each place. */
export interface EncodedXattrs {
  /** For the end of the inode; begins with the magic. */
  inInode?: Buffer;
  /** A whole block. */
  block?: Buffer;
}

/**
 * Encodes extended attributes, as many as fit into the `space` bytes at the end of the inode and the others into one block.
 *
 * @param inlineData is put into the inode too; at most as long as `inlineSpace` says
 * @throws {FormatError} whose message begins with the fault, if a name or value is too long or the block too small for all
 * @see https://docs.kernel.org/filesystems/ext4/attributes.html
 */
export function encodeXattrs(
  xattrs: ReadonlyMap<string, Uint8Array>,
  space: number,
  inlineData?: Uint8Array,
): EncodedXattrs {
  const { inInode, inBlock } = placeXattrs(xattrs, space);
  if (inlineData !== undefined) inInode.push({ ...INLINE_ATTRIBUTE, value: inlineData });
  const encoded: EncodedXattrs = {};
  if (inInode.length > 0) encoded.inInode = encodeInInode(inInode.toSorted(compare), space);
  if (inBlock.length > 0) encoded.block = encodeBlock(inBlock);
  return encoded;
}

/**
 * Tells how many bytes of contents the attributes leave room for at the end of the inode; negative if not even for the
 * entry that says so.
 *
 * @throws {FormatError} whose message begins with the fault, if a name or value is too long
 */
export function inlineSpace(xattrs: ReadonlyMap<string, Uint8Array>, space: number): number {
  return placeXattrs(xattrs, space).left - entrySize({ ...INLINE_ATTRIBUTE, value: Buffer.alloc(0) });
}

function placeXattrs(
  xattrs: ReadonlyMap<string, Uint8Array>,
  space: number,
): { inInode: Attribute[]; inBlock: Attribute[]; left: number } {
  const inInode: Attribute[] = [];
  const inBlock: Attribute[] = [];
  let left = space - TERMINATOR_SIZE * 2;
  for (const attribute of [...xattrs].map(toAttribute).toSorted(compare)) {
    const size = sizeOf(attribute);
    if (size <= left) {
      inInode.push(attribute);
      left -= size;
    } else {
      inBlock.push(attribute);
    }
  }
  return { inInode, inBlock, left };
}

function toAttribute([fullName, value]: [string, Uint8Array]): Attribute {
  const fault = faultOf(fullName, value);
  if (fault !== undefined) {
    throw new FormatError(`the extended attribute ${quoteName(fullName)} is refused: ${fault}`);
  }
  const { prefix, index } = requirePrefix(fullName);
  const name = fullName.slice(prefix.length);
  return { index, name, value: ACL_INDEXES.has(index) ? toStoredAcl(value) : value };
}

function faultOf(name: string, value: Uint8Array): string | undefined {
  if (name.includes("\0")) return "its name contains NUL";
  if (name.length > NAME_MAX) return `its name has ${name.length} bytes, at most ${NAME_MAX} are allowed`;
  if (value.length > VALUE_MAX)
    return `its value has ${value.length} bytes, at most ${VALUE_MAX} are allowed`;
  return undefined;
}

/** The order that the kernel searches in. */
function compare(a: Attribute, b: Attribute): number {
  return (
    a.index - b.index ||
    a.name.length - b.name.length ||
    Buffer.compare(Buffer.from(a.name, "latin1"), Buffer.from(b.name, "latin1"))
  );
}

/** Entries and values begin at multiples of 4 bytes. */
export function paddedXattr(size: number): number {
  return (size + 3) & ~3;
}

const entrySize = ({ name }: Attribute): number => paddedXattr(XATTR_ENTRY.size + name.length);
const sizeOf = (attribute: Attribute): number => entrySize(attribute) + paddedXattr(attribute.value.length);

function encodeInInode(attributes: readonly Attribute[], space: number): Buffer {
  const bytes = Buffer.alloc(space);
  bytes.writeUInt32LE(XATTR_MAGIC, 0);
  const area = bytes.subarray(4);
  encodeEntries(area, attributes, 0);
  return bytes;
}

function encodeBlock(attributes: readonly Attribute[]): Buffer {
  const size = attributes.reduce((sum, attribute) => sum + sizeOf(attribute), 0);
  const most = BLOCK_SIZE - XATTR_BLOCK.size - TERMINATOR_SIZE;
  if (size > most) {
    throw new FormatError(
      `its extended attributes take ${size} bytes of a block, at most ${most} are allowed`,
    );
  }
  const block = Buffer.alloc(BLOCK_SIZE);
  block.writeUInt32LE(XATTR_MAGIC, XATTR_BLOCK.magic);
  block.writeUInt32LE(1, XATTR_BLOCK.references);
  block.writeUInt32LE(1, XATTR_BLOCK.blocks);
  block.writeUInt32LE(encodeEntries(block, attributes, XATTR_BLOCK.size), XATTR_BLOCK.hash);
  return block;
}

/** Writes entries from `start` upwards and values from the end of `area` downwards; returns the hash of all. */
function encodeEntries(area: Buffer, attributes: readonly Attribute[], start: number): number {
  let at = start;
  let valueStart = area.length;
  let total = 0;
  for (const attribute of attributes) {
    const { index, name, value } = attribute;
    valueStart -= paddedXattr(value.length);
    area.set(value, valueStart);
    area.writeUInt8(name.length, at + XATTR_ENTRY.nameLength);
    area.writeUInt8(index, at + XATTR_ENTRY.nameIndex);
    area.writeUInt16LE(value.length > 0 ? valueStart : 0, at + XATTR_ENTRY.valueOffset);
    area.writeUInt32LE(value.length, at + XATTR_ENTRY.valueSize);
    area.write(name, at + XATTR_ENTRY.size, "latin1");
    const hash = xattrHash(name, area.subarray(valueStart, valueStart + paddedXattr(value.length)));
    area.writeUInt32LE(hash, at + XATTR_ENTRY.hash);
    total = ((total << 16) ^ (total >>> 16) ^ hash) >>> 0;
    at += entrySize(attribute);
  }
  return total;
}

/** Hashes the name (without prefix) and the value of an entry; the length of the value has been rounded up to a multiple of 4. */
export function xattrHash(name: string, value: Buffer): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = (hash << 5) ^ (hash >>> 27) ^ name.charCodeAt(at);
  for (let at = 0; at < value.length; at += 4) {
    hash = (hash << 16) ^ (hash >>> 16) ^ value.readUInt32LE(at);
  }
  return hash >>> 0;
}
