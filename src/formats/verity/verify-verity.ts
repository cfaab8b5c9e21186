import { readBytes, requireInside, type ByteSource } from "../byte-io.ts";
import { BlockHasher } from "./block-hasher.ts";
import { DIGEST_SIZE, readVeritySuperblock, VERITY_BLOCK_SIZE } from "./superblock.ts";
import { BLOCK_DIGESTS, planTree, verityOverhead, type VerityLevel } from "./tree-layout.ts";

/** A block that is not what the block above it in the tree says. */
export interface BadBlock {
  /** Whether it belongs to the data or to the tree. */
  kind: "data" | "hash";
  /** Where it begins in the image, in bytes. */
  position: number;
}

/** What was found. */
export interface VerityVerdict {
  /** The digest of the root as it lies in the image, 64 hex digits; who trusts the image compares it. */
  rootHash: string;
  /** The first block that does not fit, from the root downwards; undefined if all do. */
  badBlock?: BadBlock;
}

/**
 * Verifies an image against the hash tree behind it. All is read once, in large parts.
 *
 * @param offset where the superblock of the tree lies, in bytes: behind the image
 * @throws {FormatError} if there is no tree, or not all of it
 */
export function verifyVerity(source: ByteSource, offset: number): VerityVerdict {
  const { dataBlocks, salt } = readVeritySuperblock(source, offset);
  requireInside(source, offset, verityOverhead(dataBlocks));
  const hasher = new BlockHasher(source, salt);
  const levels = planTree(dataBlocks, offset + VERITY_BLOCK_SIZE).toReversed();
  const data: VerityLevel = { position: 0, blocks: dataBlocks };
  const [root = data] = levels;
  const rootHash = hasher.digest(readBytes(source, root.position, VERITY_BLOCK_SIZE));
  const verdict = { rootHash: Buffer.from(rootHash, "latin1").toString("hex") };
  for (const [index, level] of levels.entries()) {
    const below = levels[index + 1];
    const position = firstBadBlock(hasher, source, { above: level, below: below ?? data });
    if (position === undefined) continue;
    return { ...verdict, badBlock: { kind: below === undefined ? "data" : "hash", position } };
  }
  return verdict;
}

/** Compares the blocks of one level with the digests in the level above. @returns where the first bad one begins */
function firstBadBlock(
  hasher: BlockHasher,
  source: ByteSource,
  { above, below }: { above: VerityLevel; below: VerityLevel },
): number | undefined {
  const known = Buffer.alloc(VERITY_BLOCK_SIZE);
  const found = Buffer.alloc(VERITY_BLOCK_SIZE);
  for (let index = 0; index < above.blocks; index++) {
    const first = index * BLOCK_DIGESTS;
    const count = Math.min(BLOCK_DIGESTS, below.blocks - first);
    source.read(known, above.position + index * VERITY_BLOCK_SIZE);
    hasher.hashBlocks(below.position + first * VERITY_BLOCK_SIZE, count, found);
    const size = count * DIGEST_SIZE;
    if (known.compare(found, 0, size, 0, size) === 0) continue;
    const at = known.findIndex((byte, position) => byte !== found[position]);
    return below.position + (first + Math.floor(at / DIGEST_SIZE)) * VERITY_BLOCK_SIZE;
  }
  return undefined;
}
