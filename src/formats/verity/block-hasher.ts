import { hash } from "node:crypto";
import type { ByteSource } from "../byte-io.ts";
import { DIGEST_SIZE, VERITY_BLOCK_SIZE } from "./superblock.ts";
import { BLOCK_DIGESTS } from "./tree-layout.ts";

/** Reads blocks of an image, as many at once as a block of the tree covers, and hashes them one by one. */
export class BlockHasher {
  readonly #source: ByteSource;
  readonly #salt: Uint8Array;
  /** Room for the salt, and the blocks behind it. */
  readonly #room: Buffer;

  constructor(source: ByteSource, salt: Uint8Array) {
    this.#source = source;
    this.#salt = salt;
    this.#room = Buffer.alloc(salt.length + BLOCK_DIGESTS * VERITY_BLOCK_SIZE);
  }

  /** Puts the digests of the `count` blocks from `position`, a byte offset, into a block of the tree. */
  hashBlocks(position: number, count: number, digests: Buffer): void {
    const start = this.#salt.length;
    this.#source.read(this.#room.subarray(start, start + count * VERITY_BLOCK_SIZE), position);
    for (let index = 0; index < count; index++)
      digests.write(this.#digestAt(index * VERITY_BLOCK_SIZE), index * DIGEST_SIZE, "latin1");
  }

  /** Hashes a block that is at hand. @returns the digest as a byte string */
  digest(block: Uint8Array): string {
    this.#room.set(block, this.#salt.length);
    return this.#digestAt(0);
  }

  /** Puts the salt over the end of the block before, which has been hashed: so nothing else has to be moved. */
  #digestAt(at: number): string {
    this.#room.set(this.#salt, at);
    // A byte string is made faster than a buffer, and there is one for each block.
    return hash("sha256", this.#room.subarray(at, at + this.#salt.length + VERITY_BLOCK_SIZE), "binary");
  }
}
