import { readBytes, type ByteSource } from "../../byte-io.ts";
import { requireReadable } from "./features.ts";
import { ImageFault, type ImagePlace } from "./image-fault.ts";
import { LeastRecentlyUsed } from "./least-recently-used.ts";
import { readSuperblock, type Superblock } from "./superblock-reader.ts";

/** Bytes of single blocks that are kept. */
const KEPT_BYTES = 4 * 2 ** 20;

/** An ext4 image: its superblock, and its blocks by number. */
export class Image {
  readonly superblock: Superblock;
  readonly source: ByteSource;
  readonly #blocks: LeastRecentlyUsed<Buffer>;

  /** @throws {ImageFault} if it is no ext4 image, is cut short, or uses what this reader does not know */
  constructor(source: ByteSource) {
    this.source = source;
    this.superblock = readSuperblock(source);
    requireReadable(this.superblock.features);
    this.#blocks = new LeastRecentlyUsed(KEPT_BYTES / this.superblock.blockSize);
  }

  /**
   * The bytes of one block, which must not be changed.
   *
   * @throws {ImageFault} if there is no such block
   */
  block(number: number, place: ImagePlace = {}): Buffer {
    const kept = this.#blocks.get(number);
    if (kept !== undefined) return kept;
    const bytes = this.blocks(number, 1, place);
    this.#blocks.set(number, bytes);
    return bytes;
  }

  /**
   * The bytes of blocks side by side, in a buffer of their own.
   *
   * @throws {ImageFault} if not all of them exist
   */
  blocks(first: number, count: number, place: ImagePlace = {}): Buffer {
    this.requireBlocks(first, count, place);
    const { blockSize } = this.superblock;
    return readBytes(this.source, first * blockSize, count * blockSize);
  }

  /** Requires that blocks exist, and lie behind the superblock. @throws {ImageFault} */
  requireBlocks(first: number, count: number, place: ImagePlace = {}): void {
    const { blocks, firstDataBlock } = this.superblock;
    if (first > firstDataBlock && count > 0 && first + count <= blocks) return;
    const which = count === 1 ? `block ${first}` : `${count} blocks from ${first}`;
    throw new ImageFault(`it refers to ${which} in an image of ${blocks} blocks`, place);
  }
}
