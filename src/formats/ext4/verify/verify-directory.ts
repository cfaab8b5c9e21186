import { FormatError, quoteName } from "../../format-error.ts";
import { INODE_NUMBER } from "../constants.ts";
import { entryTypeOf, ENTRY_TYPE } from "../directory.ts";
import { nameFault, type StoredName } from "../reader/directory-block.ts";
import { beginsWithDots, directoryParts } from "../reader/directory-reader.ts";
import type { InodeView } from "../reader/inode-view.ts";
import type { Verification } from "./verification.ts";

/** Names of one directory that are compared with each other at most. */
const COMPARED_MAX = 2 ** 21;

/** Verifies the names of a directory, and counts them for those that they belong to. */
export function verifyDirectory(verification: Verification, directory: InodeView): void {
  const { findings, image } = verification;
  const seen = new Set<string>();
  let isFirst = true;
  for (const { block, names } of directoryParts(image, directory, (fault) => findings.addError(fault))) {
    const place = { inode: directory.number, ...(block === undefined ? {} : { block }) };
    const hasDots = isFirst && beginsWithDots(names, directory.number);
    if (isFirst && !hasDots) findings.add('it does not begin with "." and ".."', place);
    if (hasDots) verification.dotDots.set(directory.number, names[1]?.inode ?? 0);
    for (const name of hasDots ? names.slice(2) : names) {
      const fault = faultOf(verification, name, seen);
      if (fault !== undefined) findings.add(fault, place);
      else count(verification, directory, name);
      if (seen.size < COMPARED_MAX) seen.add(name.name);
    }
    isFirst = false;
  }
}

function faultOf(
  verification: Verification,
  { name, inode, type }: StoredName,
  seen: Set<string>,
): string | undefined {
  const { image, used } = verification;
  const { inodes, firstInode } = image.superblock;
  const fault = nameFault(name);
  if (fault !== undefined) return fault;
  if (seen.has(name)) return `it has the name ${quoteName(name)} twice`;
  const target = (): string => `${quoteName(name)} refers to inode ${inode}`;
  if (inode < 1 || inode > inodes) return `${target()} of ${inodes}`;
  if (inode < firstInode)
    return `${target()}, which is ${inode === INODE_NUMBER.root ? "the root" : "reserved"}`;
  if (!used.has(inode)) return `${target()}, which is not in use`;
  const expected = typeOf(verification, inode);
  if (type === undefined || type === ENTRY_TYPE.unknown || expected === undefined || type === expected)
    return undefined;
  return `${target()} as type ${type}, but it is of type ${expected}`;
}

function typeOf({ inodes }: Verification, number: number): number | undefined {
  try {
    return entryTypeOf(inodes.raw(number).mode);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function count(verification: Verification, directory: InodeView, { name, inode }: StoredName): void {
  const { directories, names, parents, subdirectories, findings } = verification;
  names.increase(inode);
  if (!directories.has(inode)) return;
  subdirectories.increase(directory.number);
  if (parents.get(inode) === 0) parents.set(inode, directory.number);
  else findings.add(`${quoteName(name)} is a second name of directory ${inode}`, { inode: directory.number });
}
