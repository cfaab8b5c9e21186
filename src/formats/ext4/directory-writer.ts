import { BLOCK_SIZE, LINK_MAX } from "./constants.ts";
import type { ContentStore } from "./content-store.ts";
import { dotEntries, entryLength, entryTypeOf, packEntries, type DirectoryEntry } from "./directory.ts";
import { packHashedDirectory } from "./hashed-directory.ts";
import type { Directory } from "./image-tree.ts";
import type { InodeTable } from "./inode-table.ts";
import { INODE, INODE_FLAG, writeSize } from "./inode.ts";
import { OPAQUE_XATTR } from "./whiteout.ts";

/** Entries of directories up to this many bytes are searched one by one, those of larger ones by hash. */
const LINEAR_SIZE = 2 * BLOCK_SIZE;

/** Writes the blocks, the attributes and the inodes of directories. */
export class DirectoryWriter {
  readonly #content: ContentStore;
  readonly #inodes: InodeTable;
  readonly #seed: readonly number[];
  readonly #onBlock: (block: Buffer) => void;

  /** `seed` goes into the hashes of names; `onBlock` sees each block. */
  constructor(
    image: { content: ContentStore; inodes: InodeTable },
    seed: readonly number[],
    onBlock: (block: Buffer) => void,
  ) {
    this.#content = image.content;
    this.#inodes = image.inodes;
    this.#seed = seed;
    this.#onBlock = onBlock;
  }

  /**
   * Writes one directory.
   *
   * @throws {FormatError} whose message begins with the fault, if its attributes do not fit or the image is full
   */
  write(directory: Directory): void {
    const inode = this.#inodes.at(directory.inode);
    const { blocks, isHashed } = this.#pack(directory);
    for (const block of blocks) this.#onBlock(block);
    writeSize(inode, blocks.length * BLOCK_SIZE);
    if (isHashed) inode.writeUInt32LE(INODE_FLAG.index, INODE.flags);
    this.#content.store(directory.inode, inode, blocks);
    const links = 2 + directory.subdirectories;
    inode.writeUInt16LE(links > LINK_MAX ? 1 : links, INODE.links);
    const xattrs = xattrsOf(directory);
    if (xattrs.size > 0) this.#content.storeXattrs(inode, xattrs);
  }

  #pack(directory: Directory): { blocks: Buffer[]; isHashed: boolean } {
    const self = directory.inode;
    const parent = directory.parent.inode;
    const entries = this.#entriesOf(directory);
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
