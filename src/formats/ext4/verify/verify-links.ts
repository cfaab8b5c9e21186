import { INODE_NUMBER, LINK_MAX, READ_ONLY_COMPATIBLE } from "../constants.ts";
import { INODE_FLAG } from "../inode.ts";
import type { InodeView } from "../reader/inode-view.ts";
import { NumberSet } from "../reader/number-set.ts";
import type { Verification } from "./verification.ts";
import { isHidden, usedInodes } from "./verify-inodes.ts";

/** Verifies that everything in use can be reached from the root, under as many names as it counts. */
export function verifyLinks(verification: Verification): void {
  const { directories, findings, dotDots, parents } = verification;
  const reached = new NumberSet();
  reached.add(INODE_NUMBER.root);
  if (!directories.has(INODE_NUMBER.root))
    findings.add("there is no root directory", { inode: INODE_NUMBER.root });
  for (const inode of usedInodes(verification)) {
    const { number } = inode;
    if (isHidden(verification, number)) continue;
    if (inode.type === "directory") {
      verifyReached(verification, reached, number);
      const parent = number === INODE_NUMBER.root ? number : parents.get(number);
      const dotDot = dotDots.get(number);
      if (dotDot !== 0 && parent !== 0 && dotDot !== parent)
        findings.add(`its ".." is inode ${dotDot} instead of ${parent}`, { inode: number });
    }
    verifyCount(verification, inode);
  }
}

/** Goes up until it meets what has been reached before, or what cannot be reached. */
function verifyReached({ parents, findings }: Verification, reached: NumberSet, number: number): void {
  const trail: number[] = [];
  const isOnTrail = new NumberSet();
  let at = number;
  while (at !== 0 && !reached.has(at) && isOnTrail.add(at)) {
    trail.push(at);
    at = parents.get(at);
  }
  if (at !== 0 && !reached.has(at)) findings.add("it lies in a circle of directories", { inode: at });
  // What hangs on a directory without a name, or on a circle, is told of once.
  for (const passed of trail) reached.add(passed);
}

function verifyCount(verification: Verification, inode: InodeView): void {
  const { findings, names, subdirectories, image } = verification;
  const { number, links } = inode;
  const place = { inode: number };
  if (inode.has(INODE_FLAG.xattrInode)) {
    if (verification.xattrInodes.get(number) === 0)
      findings.add("it holds an extended attribute of nothing", place);
    return;
  }
  const nameCount = number === INODE_NUMBER.root ? 1 : names.get(number);
  if (nameCount === 0) {
    findings.add("it is in use but has no name", place);
    return;
  }
  const isDirectory = inode.type === "directory";
  const expected = isDirectory ? 2 + subdirectories.get(number) : nameCount;
  const mayBeUncounted =
    (image.superblock.features.readOnlyCompatible & READ_ONLY_COMPATIBLE.directoryLinks) !== 0;
  if (links === expected || (isDirectory && links === 1 && mayBeUncounted && expected > 2)) return;
  if (isDirectory && links === 1 && expected > LINK_MAX) return;
  findings.add(`it counts ${links} links instead of ${expected}`, place);
}
