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
import { BLOCK_DIGESTS, planTree, verityOverhead } from "./tree-layout.ts";

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
  const tree = new TreeWriter(file, planTree(dataBlocks, size + VERITY_BLOCK_SIZE), (block) =>
    hasher.digest(block),
  );
  for (let block = 0; block < dataBlocks; block += BLOCK_DIGESTS) {
    const count = Math.min(BLOCK_DIGESTS, dataBlocks - block);
    for (const digest of hasher.digests(block * VERITY_BLOCK_SIZE, count)) tree.add(digest);
  }
  const rootHash = tree.finish();
  file.write([encodeVeritySuperblock({ ...identity, dataBlocks })], size);
  return { rootHash: rootHash.toString("hex"), size: size + verityOverhead(dataBlocks) };
}

/** One block of a level, as far as it has come. */
interface OpenBlock {
  position: number;
  readonly bytes: Buffer;
  used: number;
}

/** Writes the blocks of all levels as they fill up; holds one of each. */
class TreeWriter {
  readonly #sink: ByteSink;
  readonly #levels: readonly OpenBlock[];
  readonly #digest: (block: Buffer) => Buffer;
  #root: Buffer = Buffer.alloc(0);

  constructor(sink: ByteSink, levels: readonly { position: number }[], digest: (block: Buffer) => Buffer) {
    this.#sink = sink;
    this.#digest = digest;
    this.#levels = levels.map(({ position }) => ({
      position,
      bytes: Buffer.alloc(VERITY_BLOCK_SIZE),
      used: 0,
    }));
  }

  /** Takes the digest of the next block of data. */
  add(digest: Buffer): void {
    this.#addTo(0, digest);
  }

  /** Writes the blocks that are not full, and returns the digest of the root. */
  finish(): Buffer {
    for (const [index, { used }] of this.#levels.entries()) if (used > 0) this.#close(index);
    return this.#root;
  }

  #addTo(index: number, digest: Buffer): void {
    const level = this.#levels[index];
    if (level === undefined) {
      this.#root = digest;
      return;
    }
    level.bytes.set(digest, level.used);
    level.used += DIGEST_SIZE;
    if (level.used === VERITY_BLOCK_SIZE) this.#close(index);
  }

  #close(index: number): void {
    const level = this.#levels[index];
    if (level === undefined) throw new Error(`unreachable: level ${index}`);
    this.#sink.write([level.bytes], level.position);
    level.position += VERITY_BLOCK_SIZE;
    const digest = this.#digest(level.bytes);
    level.bytes.fill(0);
    level.used = 0;
    this.#addTo(index + 1, digest);
  }
}
