import { paddedXattr, XATTR_ENTRY } from "../xattr.ts";
import { ImageFault, type ImagePlace } from "./image-fault.ts";

/** An extended attribute as it lies in an image. */
export interface StoredXattr {
  /** The number that stands for the beginning of the name. */
  index: number;
  /** The rest of the name, a byte string. */
  name: string;
  /** Empty if the value lies in an inode of its own. */
  value: Buffer;
  /** The inode that holds the value, or 0. */
  valueInode: number;
  valueSize: number;
  hash: number;
  /** The value and what fills it up to a multiple of 4, which the hash goes over. */
  hashed: Buffer;
}

/** Marks the end of the entries. */
const END_SIZE = 4;

/**
 * Reads a list of entries; offsets of values count from the beginning of `area`.
 *
 * @throws {ImageFault} if an entry or a value does not lie in the area, or a value lies among the entries
 */
export function parseXattrArea(area: Buffer, start: number, place: ImagePlace): StoredXattr[] {
  const fault = (found: string): ImageFault =>
    new ImageFault(`its extended attributes are damaged: ${found}`, place);
  const found: StoredXattr[] = [];
  let at = start;
  let valuesStart = area.length;
  for (; ; at = nextEntry(area, at)) {
    if (at + END_SIZE > area.length) throw fault("the list has no end");
    if (area.readUInt32LE(at) === 0) break;
    if (nextEntry(area, at) + END_SIZE > area.length) throw fault(`the entry at byte ${at} is too long`);
    const valueInode = area.readUInt32LE(at + XATTR_ENTRY.valueInode);
    const valueSize = area.readUInt32LE(at + XATTR_ENTRY.valueSize);
    const valueAt = area.readUInt16LE(at + XATTR_ENTRY.valueOffset);
    const isInner = valueInode === 0 && valueSize > 0;
    if (isInner && valueAt + valueSize > area.length)
      throw fault(`a value of ${valueSize} bytes at ${valueAt} is too long`);
    if (isInner) valuesStart = Math.min(valuesStart, valueAt);
    const nameAt = at + XATTR_ENTRY.size;
    found.push({
      index: area.readUInt8(at + XATTR_ENTRY.nameIndex),
      name: area.toString("latin1", nameAt, nameAt + area.readUInt8(at + XATTR_ENTRY.nameLength)),
      value: isInner ? area.subarray(valueAt, valueAt + valueSize) : Buffer.alloc(0),
      valueInode,
      valueSize,
      hash: area.readUInt32LE(at + XATTR_ENTRY.hash),
      hashed: isInner ? area.subarray(valueAt, valueAt + paddedXattr(valueSize)) : Buffer.alloc(0),
    });
  }
  if (at + END_SIZE > valuesStart) throw fault("a value lies among the entries");
  const hostile = found.find(({ name }) => name.includes("\0"));
  if (hostile !== undefined) throw fault("a name contains NUL");
  return found;
}

function nextEntry(area: Buffer, at: number): number {
  if (at + XATTR_ENTRY.size > area.length) return area.length;
  return at + paddedXattr(XATTR_ENTRY.size + area.readUInt8(at + XATTR_ENTRY.nameLength));
}
