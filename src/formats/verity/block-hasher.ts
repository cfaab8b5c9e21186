import { hash } from "node:crypto";
import type { ByteSource } from "../byte-io.ts";
import { VERITY_BLOCK_SIZE } from "./superblock.ts";
import { BLOCK_DIGESTS } from "./tree-layout.ts";

/** Reads blocks of an image, as many at once as a block of the tree covers, and hashes them. */
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

  /** Reads `count` blocks from `position` and hashes them one by one. */
  *digests(position: number, count: number): Generator<Buffer, void> {
    const start = this.#salt.length;
    this.#source.read(this.#room.subarray(start, start + count * VERITY_BLOCK_SIZE), position);
    for (let at = 0; at < count * VERITY_BLOCK_SIZE; at += VERITY_BLOCK_SIZE) yield this.#digestAt(at);
  }

  /** Hashes a block that is at hand. */
  digest(block: Buffer): Buffer {
    block.copy(this.#room, this.#salt.length);
    return this.#digestAt(0);
  }

  /** Puts the salt over the end of the block before, which has been hashed: so nothing else has to be moved. */
  #digestAt(at: number): Buffer {
    this.#room.set(this.#salt, at);
    return hash("sha256", this.#room.subarray(at, at + this.#salt.length + VERITY_BLOCK_SIZE), "buffer");
  }
}
