import { crc32cRaw } from "../../crc32c.ts";
import { INLINE_DATA, XATTR_BLOCK, XATTR_MAGIC, XATTR_PREFIXES } from "../xattr.ts";
import { checksumText, ImageFault } from "./image-fault.ts";
import type { Image } from "./image.ts";
import type { InodeView } from "./inode-view.ts";
import { parseXattrArea, type StoredXattr } from "./xattr-area.ts";

/** Bytes before the entries in an inode. */
const HEADER_SIZE = 4;

/** Reads the entries in an inode and those in its block. @throws {ImageFault} */
export function storedXattrs(image: Image, inode: InodeView): StoredXattr[] {
  const inner = innerXattrs(inode);
  const { xattrBlock } = inode;
  return xattrBlock === 0 ? inner : [...inner, ...blockXattrs(image, inode)];
}

/** Reads what of a small file's contents lies among its extended attributes. @throws {ImageFault} */
export function inlineValue(inode: InodeView): Buffer {
  const stored = innerXattrs(inode).find((one) => fullName(one) === INLINE_DATA);
  if (stored === undefined) return Buffer.alloc(0);
  if (stored.valueInode !== 0)
    throw new ImageFault("its contents are said to lie in another inode", { inode: inode.number });
  return stored.value;
}

function innerXattrs(inode: InodeView): StoredXattr[] {
  const area = inode.xattrArea;
  if (area.length < 2 * HEADER_SIZE || inode.extraSize === 0) return [];
  if (area.readUInt32LE(0) !== XATTR_MAGIC) return [];
  return parseXattrArea(area.subarray(HEADER_SIZE), 0, { inode: inode.number });
}

function blockXattrs(image: Image, inode: InodeView): StoredXattr[] {
  const place = { inode: inode.number, block: inode.xattrBlock };
  const bytes = image.block(inode.xattrBlock, { inode: inode.number });
  const magic = bytes.readUInt32LE(XATTR_BLOCK.magic);
  const count = bytes.readUInt32LE(XATTR_BLOCK.blocks);
  if (magic !== XATTR_MAGIC || count !== 1)
    throw new ImageFault("its extended attributes have no magic number", place);
  requireChecksum(image, bytes, place);
  return parseXattrArea(bytes, XATTR_BLOCK.size, place);
}

function requireChecksum(image: Image, bytes: Buffer, place: { inode: number; block: number }): void {
  const { hasChecksums, checksumSeed } = image.superblock;
  if (!hasChecksums) return;
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(BigInt(place.block));
  const parts = [
    number,
    bytes.subarray(0, XATTR_BLOCK.checksum),
    Buffer.alloc(4),
    bytes.subarray(XATTR_BLOCK.checksum + 4),
  ];
  const expected = parts.reduce((crc, part) => crc32cRaw(part, crc), checksumSeed);
  const found = bytes.readUInt32LE(XATTR_BLOCK.checksum);
  if (found !== expected) throw new ImageFault(checksumText("extended attributes", found, expected), place);
}

/** The name with its prefix; undefined for kinds that Linux has not. */
export function fullName({ index, name }: StoredXattr): string | undefined {
  const known = XATTR_PREFIXES.find((one) => one.index === index);
  if (known === undefined || (name === "") !== (known.isWhole ?? false)) return undefined;
  return known.prefix + name;
}
