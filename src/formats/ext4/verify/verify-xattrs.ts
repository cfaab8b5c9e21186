import { roundUp } from "../../../base/round-up.ts";
import { readXattrs } from "../reader/xattr-reader.ts";
import { storedXattrs } from "../reader/stored-xattrs.ts";
import type { InodeView } from "../reader/inode-view.ts";
import type { StoredXattr } from "../reader/xattr-area.ts";
import { XATTR_BLOCK, xattrHash } from "../xattr.ts";
import { claim, type Verification } from "./verification.ts";

/**
 * Verifies the extended attributes of an inode and counts who refers to what.
 *
 * @returns how many bytes of blocks the inode has to count for them: also those of values in other inodes, shared or not
 */
export function verifyXattrs(verification: Verification, inode: InodeView): number {
  const { findings, image, inodes } = verification;
  const place = { inode: inode.number };
  const { xattrBlock } = inode;
  const { blockSize } = image.superblock;
  let size = xattrBlock === 0 ? 0 : blockSize;
  findings.guard(place, () => {
    const stored = storedXattrs(image, inode);
    if (xattrBlock !== 0 && verification.xattrBlocks.increase(xattrBlock) === 1)
      claim(verification, { start: xattrBlock, count: 1 }, place);
    for (const one of stored) {
      if (one.valueInode !== 0) {
        verification.xattrInodes.increase(one.valueInode);
        size += roundUp(one.valueSize, blockSize);
      }
      if (!isHashRight(one)) findings.add("the hash of an extended attribute is wrong", place);
    }
    readXattrs(image, inodes, inode);
  });
  return size;
}

/** Compares how many inodes refer to a shared block of extended attributes with what it says. */
export function verifyXattrBlocks({ xattrBlocks, findings, image }: Verification): void {
  for (const [block, count] of xattrBlocks.entries()) {
    const stored = image.block(block).readUInt32LE(XATTR_BLOCK.references);
    if (stored === count) continue;
    findings.add(`its extended attributes count ${stored} references instead of ${count}`, { block });
  }
}

/** In inodes a hash of 0 stands for none. Names beyond ASCII are hashed differently by different processors. */
function isHashRight({ hash, name, hashed, valueInode }: StoredXattr): boolean {
  if (hash === 0 || valueInode !== 0 || /[\x80-\xff]/.test(name)) return true;
  return hash === xattrHash(name, hashed);
}
