import type { Group, GroupTable } from "../reader/group-table.ts";
import type { Image } from "../reader/image.ts";
import type { InodeSource } from "../reader/inode-source.ts";
import { NumberSet } from "../reader/number-set.ts";
import { Counters } from "./counters.ts";
import type { Findings } from "./finding.ts";

/** What the passes of a verification share: the image, and what they have learnt of it. */
export interface Verification {
  image: Image;
  groups: GroupTable;
  inodes: InodeSource;
  findings: Findings;
  /** Blocks that something uses. */
  claimed: NumberSet;
  /** How many blocks were claimed a second time. */
  doubleClaims: number;
  /** Inodes in use, and those of them that are directories. */
  used: NumberSet;
  directories: NumberSet;
  /** Names of each inode, `.` and `..` left out. */
  names: Counters;
  /** For directories: the one that has its name, the one that it calls its parent, and how many are in it. */
  parents: Counters;
  dotDots: Counters;
  subdirectories: Counters;
  /** How many inodes refer to each block of extended attributes, and to each inode that holds a value of them. */
  xattrBlocks: Counters;
  xattrInodes: Counters;
}

/** An image is damaged so badly that verifying it to its end makes no sense. */
export class VerificationEnd extends Error {}

/** Begins a verification. */
export function newVerification(
  parts: Pick<Verification, "image" | "groups" | "inodes" | "findings">,
): Verification {
  return {
    ...parts,
    claimed: new NumberSet(),
    doubleClaims: 0,
    used: new NumberSet(),
    directories: new NumberSet(),
    names: new Counters(),
    parents: new Counters(),
    dotDots: new Counters(),
    subdirectories: new Counters(),
    xattrBlocks: new Counters(),
    xattrInodes: new Counters(),
  };
}

/**
 * Claims blocks for a user, and tells of those that have one already.
 *
 * @throws {VerificationEnd} if more are claimed again than there are: going on would take forever
 */
export function claim(
  verification: Verification,
  { start, count }: { start: number; count: number },
  user: { inode?: number; group?: number },
): void {
  const { claimed, findings, image } = verification;
  if (verification.doubleClaims > image.superblock.blocks)
    throw new VerificationEnd("more blocks are claimed twice than there are");
  let doubleStart: number | undefined;
  const tell = (end: number): void => {
    if (doubleStart === undefined) return;
    verification.doubleClaims += end - doubleStart;
    findings.add(`it claims ${blocksText(doubleStart, end)} in use elsewhere`, user);
    doubleStart = undefined;
  };
  for (let block = start; block < start + count; block++) {
    if (claimed.add(block)) tell(block);
    else doubleStart ??= block;
  }
  tell(start + count);
}

/** Tells blocks from `start` to `end`, which is not included. */
export function blocksText(start: number, end: number): string {
  return end - start === 1 ? `block ${start}` : `blocks ${start}-${end - 1}`;
}

/** The group, if its descriptor is sound; a fault of it is told once, by the first pass. */
export function groupAt({ groups }: Verification, number: number): Group | undefined {
  try {
    return groups.at(number);
  } catch {
    return undefined;
  }
}
