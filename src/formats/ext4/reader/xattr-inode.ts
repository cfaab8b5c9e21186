import { crc32cRaw } from "../../crc32c.ts";
import { INODE, INODE_FLAG } from "../inode.ts";
import { checksumText, ImageFault } from "./image-fault.ts";
import type { Image } from "./image.ts";
import type { InodeSource } from "./inode-source.ts";
import { readWhole } from "./read-whole.ts";
import type { StoredXattr } from "./xattr-area.ts";

/** Longest value that Linux hands out. */
const VALUE_MAX = 65536;

/**
 * Reads the value of an extended attribute that has an inode of its own.
 *
 * @throws {ImageFault} if that inode is none of the kind, or the value is damaged
 */
export function xattrInodeValue(
  image: Image,
  inodes: InodeSource,
  { owner, stored }: { owner: number; stored: StoredXattr },
): Buffer {
  const inode = inodes.at(stored.valueInode);
  const fault = (found: string): ImageFault =>
    new ImageFault(`it holds no value of an extended attribute of inode ${owner}: ${found}`, {
      inode: inode.number,
    });
  if (!inode.has(INODE_FLAG.xattrInode)) throw fault("it is of another kind");
  if (inode.size !== stored.valueSize || inode.size > VALUE_MAX)
    throw fault(`it has ${inode.size} bytes instead of ${stored.valueSize}`);
  const value = readWhole(image, inode, VALUE_MAX);
  const expected = crc32cRaw(value, image.superblock.checksumSeed);
  // Such an inode keeps the hash of the value where others have their access time.
  const found = inode.bytes.readUInt32LE(INODE.atime);
  if (image.superblock.hasChecksums && found !== expected)
    throw fault(checksumText("the value", found, expected));
  return value;
}
