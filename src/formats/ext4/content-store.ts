import type { ByteSink } from "../byte-io.ts";
import type { BlockAllocator, BlockRun } from "./block-allocator.ts";
import { BLOCK_SIZE } from "./constants.ts";
import { readFlatRoot, writeExtentTree, type Extent } from "./extent-tree.ts";
import { FileBody } from "./file-body.ts";
import { INLINE_HEAD_SIZE } from "./inline-data.ts";
import { addBlocks, INODE, INODE_FLAG, INODE_SIZE, writeSize } from "./inode.ts";
import { encodeXattrs, type EncodedXattrs } from "./xattr.ts";
import { StagedOutput } from "./staged-output.ts";

/** Puts contents into blocks and tells inodes where they lie. */
export class ContentStore {
  readonly blocks: BlockAllocator;
  readonly #output: StagedOutput;
  /** Blocks of the files whose extents do not all lie in their inode, by inode number. */
  readonly #scattered = new Map<number, BlockRun[]>();

  constructor(output: ByteSink, blocks: BlockAllocator) {
    this.#output = new StagedOutput(output);
    this.blocks = blocks;
  }

  /** Begins contents that come in pieces. */
  begin(): FileBody {
    return new FileBody(this.blocks, this.#output);
  }

  /** Writes whole blocks where the blocks' user wants them. */
  writeAt(block: number, bytes: Uint8Array): void {
    this.#output.write(bytes, block * BLOCK_SIZE);
  }

  /** Hands everything to the output. */
  flush(): void {
    this.#output.flush();
  }

  /** Makes `extents` the contents of an inode. */
  attach(number: number, inode: Buffer, extents: readonly Extent[]): void {
    const root = inode.subarray(INODE.block, INODE.blockEnd);
    const nodes = writeExtentTree(root, extents, (node) => this.#storeBlock(node));
    const count = extents.reduce((sum, extent) => sum + extent.count, nodes.length);
    addBlocks(inode, count);
    inode.writeUInt32LE(inode.readUInt32LE(INODE.flags) | INODE_FLAG.extents, INODE.flags);
    if (nodes.length === 0) return;
    this.#scattered.set(number, [...extents, ...nodes.map((start) => ({ start, count: 1 }))]);
  }

  /** Writes whole blocks and makes them the contents of an inode. */
  store(number: number, inode: Buffer, contents: readonly Uint8Array[]): void {
    const body = this.begin();
    for (const block of contents) body.data(block);
    this.attach(number, inode, body.end());
  }

  /**
   * Writes extended attributes into an inode and, if need be, a block of their own.
   *
   * @throws {FormatError} if they do not fit
   */
  storeXattrs(inode: Buffer, xattrs: ReadonlyMap<string, Uint8Array>): void {
    this.#storeEncoded(inode, encodeXattrs(xattrs, INODE_SIZE - INODE.xattrs));
  }

  /**
   * Writes contents into an inode itself, with extended attributes that leave room for them.
   *
   * @throws {FormatError} if the attributes do not fit
   */
  storeInline(inode: Buffer, contents: Buffer, xattrs: ReadonlyMap<string, Uint8Array> = new Map()): void {
    const rest = contents.subarray(INLINE_HEAD_SIZE);
    this.#storeEncoded(inode, encodeXattrs(xattrs, INODE_SIZE - INODE.xattrs, rest));
    contents.copy(inode, INODE.block, 0, INLINE_HEAD_SIZE);
    writeSize(inode, contents.length);
    inode.writeUInt32LE(inode.readUInt32LE(INODE.flags) | INODE_FLAG.inlineData, INODE.flags);
  }

  #storeEncoded(inode: Buffer, { inInode, block }: EncodedXattrs): void {
    if (inInode !== undefined) inode.set(inInode, INODE.xattrs);
    if (block === undefined) return;
    inode.writeUInt32LE(this.#storeBlock(block), INODE.xattrBlockLow);
    addBlocks(inode, 1);
  }

  /** Gives the blocks of an inode back. */
  release(number: number, inode: Buffer): void {
    for (const run of this.#runsOf(number, inode)) this.blocks.release(run);
    this.#scattered.delete(number);
    const xattrs = inode.readUInt32LE(INODE.xattrBlockLow);
    if (xattrs !== 0) this.blocks.release({ start: xattrs, count: 1 });
  }

  #runsOf(number: number, inode: Buffer): BlockRun[] {
    if ((inode.readUInt32LE(INODE.flags) & INODE_FLAG.extents) === 0) return [];
    return this.#scattered.get(number) ?? readFlatRoot(inode.subarray(INODE.block, INODE.blockEnd));
  }

  #storeBlock(bytes: Buffer): number {
    const { start } = this.blocks.take(1);
    this.writeAt(start, bytes);
    return start;
  }
}
