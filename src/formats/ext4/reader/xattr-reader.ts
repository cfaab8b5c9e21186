import { FormatError, quoteName } from "../../format-error.ts";
import { toGenericAcl } from "../acl.ts";
import { ACL_INDEXES, INLINE_DATA } from "../xattr.ts";
import { ImageFault } from "./image-fault.ts";
import type { Image } from "./image.ts";
import type { InodeSource } from "./inode-source.ts";
import type { InodeView } from "./inode-view.ts";
import { fullName, storedXattrs } from "./stored-xattrs.ts";
import type { StoredXattr } from "./xattr-area.ts";
import { xattrInodeValue } from "./xattr-inode.ts";

/** Bytes of all values of a file at most: no more than an entry of an archive may have. */
const SIZE_MAX = 2 ** 20;

/**
 * Reads all extended attributes of a file by full name, access control lists in the form that programs see. Kinds that
 * Linux has not are left out.
 *
 * @throws {ImageFault} if they are damaged
 */
export function readXattrs(image: Image, inodes: InodeSource, inode: InodeView): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let size = 0;
  for (const stored of storedXattrs(image, inode)) {
    size += stored.valueSize;
    if (size > SIZE_MAX) throw xattrFault(inode, `values have more than ${SIZE_MAX} bytes`);
    const name = fullName(stored);
    if (name === undefined || name === INLINE_DATA) continue;
    if (found.has(name)) throw xattrFault(inode, `${quoteName(name)} is there twice`);
    const value = valueOf(image, inodes, { inode, stored });
    try {
      found.set(name, ACL_INDEXES.has(stored.index) ? toGenericAcl(value) : value);
    } catch (error) {
      throw error instanceof FormatError ? xattrFault(inode, error.message) : error;
    }
  }
  return found;
}

function valueOf(
  image: Image,
  inodes: InodeSource,
  { inode, stored }: { inode: InodeView; stored: StoredXattr },
): Uint8Array {
  if (stored.valueInode === 0) return stored.value;
  return xattrInodeValue(image, inodes, { owner: inode.number, stored });
}

function xattrFault(inode: InodeView, found: string): ImageFault {
  return new ImageFault(`its extended attribute ${found}`, { inode: inode.number });
}
