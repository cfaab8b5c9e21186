import type { ByteSource } from "../../byte-io.ts";
import { GroupTable } from "../reader/group-table.ts";
import { Image } from "../reader/image.ts";
import { InodeSource } from "../reader/inode-source.ts";
import { Findings, type Finding } from "./finding.ts";
import { pathsOf } from "./paths-of.ts";
import { newVerification, VerificationEnd, type Verification } from "./verification.ts";
import { verifyBitmaps } from "./verify-bitmaps.ts";
import { verifyGroups } from "./verify-groups.ts";
import { verifyInodes } from "./verify-inodes.ts";
import { verifyLinks } from "./verify-links.ts";
import { verifyXattrBlocks } from "./verify-xattrs.ts";

/** What a verification has found. */
export interface VerifiedImage {
  /** At most `FINDINGS_MAX`; none if the image is sound. */
  findings: Finding[];
  /** How many more there are. */
  more: number;
}

/**
 * Verifies all structures of an ext4 image against each other, as `e2fsck -n` does: it changes nothing, and damage is
 * never an error but a finding.
 *
 * Time depends on what the image uses, memory on how many inodes and blocks that are: some bits for each.
 */
export function verifyImage(source: ByteSource): VerifiedImage {
  const findings = new Findings();
  findings.guard({}, () => {
    const image = new Image(source);
    const groups = new GroupTable(image);
    const inodes = new InodeSource(image, groups);
    const verification = newVerification({ image, groups, inodes, findings });
    runPasses(verification);
    const paths = pathsOf(verification, findings.list);
    for (const finding of findings.list) {
      const path = finding.inode === undefined ? undefined : paths.get(finding.inode);
      if (path !== undefined) finding.path = path;
    }
  });
  return { findings: findings.list, more: findings.more };
}

function runPasses(verification: Verification): void {
  try {
    verifyGroups(verification);
    verifyInodes(verification);
    verifyXattrBlocks(verification);
    verifyLinks(verification);
    verifyBitmaps(verification);
  } catch (error) {
    if (!(error instanceof VerificationEnd)) throw error;
    verification.findings.add(`${error.message}: the rest is not verified`);
  }
}
