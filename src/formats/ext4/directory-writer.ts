import { BLOCK_SIZE, INODE_NUMBER, LINK_MAX } from "./constants.ts";
import type { ContentStore } from "./content-store.ts";
import { dotEntries, entryLength, entryTypeOf, packEntries, type DirectoryEntry } from "./directory.ts";
import { packHashedDirectory } from "./hashed-directory.ts";
import type { Directory } from "./image-tree.ts";
import { inlineCapacity, packInlineDirectory } from "./inline-data.ts";
import type { InodeTable } from "./inode-table.ts";
import { INODE, INODE_FLAG, writeSize } from "./inode.ts";
import { OPAQUE_XATTR } from "./whiteout.ts";

/** Entries of directories up to this many bytes are searched one by one, those of larger ones by hash. */
const LINEAR_SIZE = 2 * BLOCK_SIZE;

/** How directories are written. */
export interface DirectoryOptions {
  /** Goes into the hashes of names: four words. */
  seed: readonly number[];
  /** Whether small directories lie in their inodes. */
  inlineData: boolean;
}

/** Writes the blocks, the attributes and the inodes of directories. */
export class DirectoryWriter {
  readonly #content: ContentStore;
  readonly #inodes: InodeTable;
  readonly #seed: readonly number[];
  readonly #inlineData: boolean;
  readonly #onBlock: (block: Buffer) => void;

  /** `onBlock` sees each block. */
  constructor(
    image: { content: ContentStore; inodes: InodeTable },
    options: DirectoryOptions,
    onBlock: (block: Buffer) => void,
  ) {
    this.#content = image.content;
    this.#inodes = image.inodes;
    this.#seed = options.seed;
    this.#inlineData = options.inlineData;
    this.#onBlock = onBlock;
  }

  /**
   * Writes one directory.
   *
   * @throws {FormatError} whose message begins with the fault, if its attributes do not fit or the image is full
   */
  write(directory: Directory): void {
    const inode = this.#inodes.at(directory.inode);
    const links = 2 + directory.subdirectories;
    inode.writeUInt16LE(links > LINK_MAX ? 1 : links, INODE.links);
    const xattrs = xattrsOf(directory);
    const entries = this.#entriesOf(directory);
    const inline = this.#packInline(directory, entries, xattrs);
    if (inline !== undefined) return this.#content.storeInline(inode, inline, xattrs);
    this.#writeBlocks(directory, inode, entries);
    if (xattrs.size > 0) this.#content.storeXattrs(inode, xattrs);
  }

  /** Leaves alone the two directories that must have blocks: kernels want some of the root, e2fsck of lost+found. */
  #packInline(
    { inode, parent }: Directory,
    entries: readonly DirectoryEntry[],
    xattrs: ReadonlyMap<string, Uint8Array>,
  ): Buffer | undefined {
    if (!this.#inlineData || inode <= INODE_NUMBER.lostAndFound) return undefined;
    return packInlineDirectory(parent.inode, entries, inlineCapacity(xattrs));
  }

  #writeBlocks(directory: Directory, inode: Buffer, entries: readonly DirectoryEntry[]): void {
    const { blocks, isHashed } = this.#pack(directory, entries);
    for (const block of blocks) this.#onBlock(block);
    writeSize(inode, blocks.length * BLOCK_SIZE);
    if (isHashed) inode.writeUInt32LE(INODE_FLAG.index, INODE.flags);
    this.#content.store(directory.inode, inode, blocks);
  }

  #pack(directory: Directory, entries: readonly DirectoryEntry[]): { blocks: Buffer[]; isHashed: boolean } {
    const self = directory.inode;
    const parent = directory.parent.inode;
    const size = entries.reduce((sum, { name }) => sum + entryLength(name), 0);
    const hashed =
      size > LINEAR_SIZE ? packHashedDirectory({ self, parent, entries }, this.#seed) : undefined;
    if (hashed !== undefined) return { blocks: hashed, isHashed: true };
    return { blocks: packEntries([...dotEntries(self, parent), ...entries]), isHashed: false };
  }

  #entriesOf({ children }: Directory): DirectoryEntry[] {
    return Array.from(children, ([name, inode]) => ({
      name,
      inode,
      type: entryTypeOf(this.#inodes.mode(inode)),
    }));
  }
}

function xattrsOf({ xattrs, isOpaque }: Directory): ReadonlyMap<string, Uint8Array> {
  return isOpaque
    ? new Map([...(xattrs ?? []), [OPAQUE_XATTR.name, OPAQUE_XATTR.value]])
    : (xattrs ?? new Map());
}
