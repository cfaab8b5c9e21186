import { createHash } from "node:crypto";
import type { ByteSink, ByteSource } from "../byte-io.ts";
import { deriveUuid } from "../derive-uuid.ts";
import { BlockHasher } from "./block-hasher.ts";
import {
  DIGEST_SIZE,
  encodeVeritySuperblock,
  SALT_SIZE_MAX,
  VERITY_BLOCK_SIZE,
  type VerityIdentity,
} from "./superblock.ts";
import { BLOCK_DIGESTS, planTree, verityOverhead, type VerityLevel } from "./tree-layout.ts";

/** What has been appended. */
export interface VeritySummary {
  /** What a kernel has to be given to trust the image: 64 hex digits. */
  rootHash: string;
  /** Bytes of the image with its tree. */
  size: number;
}

/** Derives salt and UUID of a tree from the UUID of the image, so that the same image gets the same tree. */
export function verityIdentity(imageUuid: Uint8Array): VerityIdentity {
  const derive = (what: string): Buffer =>
    createHash("sha256").update(`verity ${what}\0`).update(imageUuid).digest();
  return { salt: derive("salt"), uuid: deriveUuid(derive("uuid")) };
}

/**
 * Appends a dm-verity superblock and hash tree to an image of `size` bytes; all below `size` is read once.
 *
 * @throws {RangeError} if the size is no multiple of 4096 above 0, or the salt longer than 256 bytes
 * @see https://docs.kernel.org/admin-guide/device-mapper/verity.html
 */
export function appendVerity(
  file: ByteSource & ByteSink,
  size: number,
  identity: VerityIdentity,
): VeritySummary {
  const dataBlocks = size / VERITY_BLOCK_SIZE;
  if (!Number.isSafeInteger(dataBlocks) || dataBlocks < 1)
    throw new RangeError(`an image of ${size} bytes has no whole blocks of ${VERITY_BLOCK_SIZE}`);
  const saltSize = identity.salt.length;
  if (saltSize > SALT_SIZE_MAX)
    throw new RangeError(`a salt has ${saltSize} bytes, at most ${SALT_SIZE_MAX} are allowed`);
  const hasher = new BlockHasher(file, identity.salt);
  const tree = new TreeWriter(file, hasher, planTree(dataBlocks, size + VERITY_BLOCK_SIZE));
  for (let block = 0; block < dataBlocks; block += BLOCK_DIGESTS) {
    const digests = Buffer.alloc(VERITY_BLOCK_SIZE);
    const count = Math.min(BLOCK_DIGESTS, dataBlocks - block);
    hasher.hashBlocks(block * VERITY_BLOCK_SIZE, count, digests);
    tree.addLeaf(digests);
  }
  const rootHash = tree.finish();
  file.write([encodeVeritySuperblock({ ...identity, dataBlocks })], size);
  return { rootHash, size: size + verityOverhead(dataBlocks) };
}

/** One block of a level, as far as it has come. */
interface OpenBlock {
  /** Where it will lie, in bytes. */
  position: number;
  readonly bytes: Buffer;
  used: number;
}

/** Writes the blocks of all levels as they fill up; holds one of each. */
class TreeWriter {
  readonly #sink: ByteSink;
  readonly #hasher: BlockHasher;
  readonly #levels: readonly OpenBlock[];
  #root = "";

  constructor(sink: ByteSink, hasher: BlockHasher, levels: readonly VerityLevel[]) {
    this.#sink = sink;
    this.#hasher = hasher;
    this.#levels = levels.map(({ position }) => ({
      position,
      bytes: Buffer.alloc(VERITY_BLOCK_SIZE),
      used: 0,
    }));
  }

  /** Takes the digests of the next blocks of data. */
  addLeaf(digests: Buffer): void {
    const leaves = this.#levels[0];
    if (leaves === undefined) this.#root = digests.toString("latin1", 0, DIGEST_SIZE);
    else this.#store(0, leaves, digests);
  }

  /** Writes the blocks that are not full. @returns the digest of the root, in hex */
  finish(): string {
    for (const [index, level] of this.#levels.entries())
      if (level.used > 0) this.#store(index, level, level.bytes);
    return Buffer.from(this.#root, "latin1").toString("hex");
  }

  #store(index: number, level: OpenBlock, block: Buffer): void {
    this.#sink.write([block], level.position);
    level.position += VERITY_BLOCK_SIZE;
    const digest = this.#hasher.digest(block);
    level.bytes.fill(0);
    level.used = 0;
    const above = this.#levels[index + 1];
    if (above === undefined) this.#root = digest;
    else this.#add(index + 1, above, digest);
  }

  #add(index: number, level: OpenBlock, digest: string): void {
    level.used += level.bytes.write(digest, level.used, "latin1");
    if (level.used === VERITY_BLOCK_SIZE) this.#store(index, level, level.bytes);
  }
}
