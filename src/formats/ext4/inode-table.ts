import { INODE, INODE_SIZE } from "./inode.ts";
import { INODE_NUMBER, MODE_TYPE } from "./constants.ts";

const CHUNK_INODES = 4096;

/** All inodes of an image, as they will lie in it. */
export class InodeTable {
  readonly #chunks: Buffer[] = [];
  #last: number = INODE_NUMBER.first - 1;

  /** The highest inode number in use. */
  get last(): number {
    return this.#last;
  }

  /** Takes the next inode number. */
  add(): number {
    return ++this.#last;
  }

  /** The bytes of an inode, to read and to change. */
  at(number: number): Buffer {
    const index = number - 1;
    const chunk = Math.floor(index / CHUNK_INODES);
    while (chunk >= this.#chunks.length) this.#chunks.push(Buffer.alloc(CHUNK_INODES * INODE_SIZE));
    const bytes = this.#chunks[chunk];
    if (bytes === undefined) throw new Error(`unreachable: inode ${number}`);
    const offset = (index % CHUNK_INODES) * INODE_SIZE;
    return bytes.subarray(offset, offset + INODE_SIZE);
  }

  /** File type and permission bits of an inode; 0 if it is free. */
  mode(number: number): number {
    const index = number - 1;
    const chunk = this.#chunks[Math.floor(index / CHUNK_INODES)];
    return chunk?.readUInt16LE((index % CHUNK_INODES) * INODE_SIZE + INODE.mode) ?? 0;
  }

  /** Whether the inode is a directory. */
  isDirectory(number: number): boolean {
    return (this.mode(number) & MODE_TYPE.mask) === MODE_TYPE.directory;
  }

  /** Whether the inode is taken, by a file or by convention. */
  isUsed(number: number): boolean {
    return number < INODE_NUMBER.first || this.mode(number) !== 0;
  }

  /** Makes an inode free. */
  clear(number: number): void {
    this.at(number).fill(0);
  }

  /** The table up to its last inode in pieces. */
  *pieces(): Generator<Buffer> {
    let left = this.#last * INODE_SIZE;
    for (const chunk of this.#chunks) {
      yield chunk.subarray(0, Math.min(left, chunk.length));
      left -= Math.min(left, chunk.length);
    }
  }
}
