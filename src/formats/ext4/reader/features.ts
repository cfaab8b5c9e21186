import { INCOMPATIBLE } from "../constants.ts";
import { ImageFault } from "./image-fault.ts";

/** The three words of a superblock that say which features the file system uses. */
export interface FeatureWords {
  compatible: number;
  incompatible: number;
  readOnlyCompatible: number;
}

/**
 * The features by the bit that stands for each, under the names of mke2fs.
 *
 * @see https://man7.org/linux/man-pages/man5/ext4.5.html
 */
const NAMES: Readonly<Record<keyof FeatureWords, readonly (string | undefined)[]>> = {
  compatible: [
    "dir_prealloc",
    "imagic_inodes",
    "has_journal",
    "ext_attr",
    "resize_inode",
    "dir_index",
    "lazy_bg",
    undefined,
    "exclude_bitmap",
    "sparse_super2",
    "fast_commit",
    "stable_inodes",
    "orphan_file",
  ],
  incompatible: [
    "compression",
    "filetype",
    "needs_recovery",
    "journal_dev",
    "meta_bg",
    undefined,
    "extent",
    "64bit",
    "mmp",
    "flex_bg",
    "ea_inode",
    undefined,
    "dirdata",
    "metadata_csum_seed",
    "large_dir",
    "inline_data",
    "encrypt",
    "casefold",
  ],
  readOnlyCompatible: [
    "sparse_super",
    "large_file",
    "btree_dir",
    "huge_file",
    "uninit_bg",
    "dir_nlink",
    "extra_isize",
    "has_snapshot",
    "quota",
    "bigalloc",
    "metadata_csum",
    "replica",
    "read-only",
    "project",
    "shared_blocks",
    "verity",
    "orphan_present",
  ],
};

const READABLE =
  INCOMPATIBLE.fileType |
  INCOMPATIBLE.needsRecovery |
  INCOMPATIBLE.metaGroups |
  INCOMPATIBLE.extents |
  INCOMPATIBLE.wide |
  INCOMPATIBLE.multiMountProtection |
  INCOMPATIBLE.flexibleGroups |
  INCOMPATIBLE.xattrInodes |
  INCOMPATIBLE.checksumSeed |
  INCOMPATIBLE.largeDirectories |
  INCOMPATIBLE.inlineData |
  INCOMPATIBLE.encryption;

/** The names of all features in use, in the order of their bits. */
export function featureNames(words: FeatureWords): string[] {
  return [
    ...namesOf("compatible", words.compatible),
    ...namesOf("incompatible", words.incompatible),
    ...namesOf("readOnlyCompatible", words.readOnlyCompatible),
  ];
}

function namesOf(kind: keyof FeatureWords, word: number): string[] {
  const bits = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (word >>> bit) & 1);
  return bits.map((bit) => NAMES[kind][bit] ?? `${kind.toLowerCase()}_0x${(2 ** bit).toString(16)}`);
}

/**
 * Refuses a file system that uses what this reader does not know, or whose journal holds what its blocks lack.
 *
 * @throws {ImageFault}
 */
export function requireReadable({ incompatible }: FeatureWords): void {
  const [unknown] = namesOf("incompatible", (incompatible & ~READABLE) >>> 0);
  if (unknown !== undefined) throw new ImageFault(`it uses the feature "${unknown}", which is not supported`);
  if ((incompatible & INCOMPATIBLE.needsRecovery) === 0) return;
  throw new ImageFault(
    "its journal holds changes that have not reached their places",
    {},
    "Let e2fsck -p FILE carry them out, or mount and unmount the image",
  );
}
