import type { FileEntry } from "../file-entry.ts";
import { FormatError, quoteName } from "../format-error.ts";
import { INODE_NUMBER, LINK_MAX, MODE_TYPE } from "./constants.ts";
import type { ContentStore } from "./content-store.ts";
import { checkEntry } from "./entry-check.ts";
import { ImageTree, type Directory, type Place } from "./image-tree.ts";
import { INODE, INODE_SIZE, writeAttributes, writeDevice, writeSize } from "./inode.ts";
import { isInlineFile } from "./inline-data.ts";
import { InodeTable } from "./inode-table.ts";
import { parseWhiteout, type Whiteout } from "./whiteout.ts";
import { encodeXattrs } from "./xattr.ts";

const PARENT_MODE = MODE_TYPE.directory | 0o755;
const LOST_AND_FOUND_MODE = MODE_TYPE.directory | 0o700;
const PERMISSIONS = 0o7777;

const TYPE_BITS = {
  file: MODE_TYPE.file,
  symlink: MODE_TYPE.symlink,
  character: MODE_TYPE.character,
  block: MODE_TYPE.block,
  fifo: MODE_TYPE.fifo,
} as const;

/** Longest target that an inode holds, with a NUL behind it. */
const SHORT_TARGET = INODE.blockEnd - INODE.block - 1;

/** How entries are taken. */
export interface EntryOptions {
  /** Whether whiteouts take the form of overlayfs. */
  overlay: boolean;
  /** Whether contents that fit lie in inodes. */
  inlineData: boolean;
}

/** Turns entries into inodes and names. */
export class EntryStore {
  readonly inodes = new InodeTable();
  readonly tree: ImageTree;
  readonly #content: ContentStore;
  readonly #options: EntryOptions;
  /** Time of the entry in work: directories that it needs and that no entry names get it too. */
  #time = 0n;
  #isEmpty = true;

  constructor(content: ContentStore, options: EntryOptions) {
    this.#content = content;
    this.#options = options;
    this.tree = new ImageTree({
      makeInode: () => this.#makeDirectoryInode(),
      isWhiteout: (inode) => this.#options.overlay && this.#isWhiteout(inode),
      unlinked: (inode, isDirectory) => this.#unlinked(inode, isDirectory),
    });
    this.tree.openDirectory({ directory: this.tree.root, name: "lost+found" });
    this.#setFixedDirectories();
  }

  /**
   * Adds an entry, in the place of an earlier one with the same path.
   *
   * @returns the inode whose contents are to come, if the entry is a file; attributes come with them if they go into
   *   the inode
   * @throws {FormatError} whose message begins with the fault
   */
  add(entry: FileEntry): number | undefined {
    checkEntry(entry);
    this.#time = entry.mtime;
    if (this.#isEmpty) this.#setFixedDirectories();
    this.#isEmpty = false;
    const whiteout = this.#options.overlay ? parseWhiteout(entry.path) : undefined;
    if (whiteout !== undefined) return this.#addWhiteout(entry, whiteout);
    switch (entry.type) {
      case "socket":
        return undefined;
      case "directory":
        return this.#addDirectory(entry);
      case "hardlink":
        return this.#addHardLink(entry);
      default:
        return this.#addFile(entry, TYPE_BITS[entry.type]);
    }
  }

  #addDirectory(entry: FileEntry): undefined {
    const directory = this.#directoryAt(entry.path);
    const mode = MODE_TYPE.directory | (entry.mode & PERMISSIONS);
    writeAttributes(this.inodes.at(directory.inode), mode, entry);
    checkXattrs(entry);
    directory.xattrs = entry.xattrs;
  }

  #directoryAt(path: string): Directory {
    return path === "" ? this.tree.root : this.tree.openDirectory(this.tree.place(path));
  }

  #addFile(entry: FileEntry, typeBits: number): number | undefined {
    const place = this.#freePlace(entry.path);
    const number = this.inodes.add();
    const inode = this.inodes.at(number);
    writeAttributes(inode, typeBits | (entry.mode & PERMISSIONS), entry);
    inode.writeUInt16LE(1, INODE.links);
    this.tree.link(place, number);
    if (this.#options.inlineData && isInlineFile(entry)) {
      checkXattrs(entry);
      return number;
    }
    if (entry.xattrs !== undefined && entry.xattrs.size > 0) this.#content.storeXattrs(inode, entry.xattrs);
    if (entry.type === "file") return number;
    if (entry.type === "symlink") this.#writeTarget(number, inode, entry.linkTarget ?? "");
    if (entry.device !== undefined) writeDevice(inode, entry.device);
    return undefined;
  }

  #writeTarget(number: number, inode: Buffer, target: string): void {
    writeSize(inode, target.length);
    if (target.length <= SHORT_TARGET) inode.write(target, INODE.block, "latin1");
    else this.#content.store(number, inode, [Buffer.from(target, "latin1")]);
  }

  #addHardLink({ path, linkTarget = "" }: FileEntry): undefined {
    const number = this.tree.find(linkTarget);
    const target = `the target ${quoteName(linkTarget)} of the hard link`;
    if (number === undefined) throw new FormatError(`${target} does not exist`);
    if (this.inodes.isDirectory(number)) throw new FormatError(`${target} is a directory`);
    const place = this.#freePlace(path);
    if (place.directory.children.get(place.name) === number) return;
    const inode = this.inodes.at(number);
    const links = inode.readUInt16LE(INODE.links) + 1;
    if (links > LINK_MAX)
      throw new FormatError(`${target} has ${LINK_MAX} names already, as many as are allowed`);
    inode.writeUInt16LE(links, INODE.links);
    this.tree.link(place, number);
  }

  #addWhiteout(entry: FileEntry, whiteout: Whiteout): undefined {
    if (whiteout.kind === "metadata") return;
    if (whiteout.kind === "opaque") {
      this.#directoryAt(whiteout.directory).isOpaque = true;
      return;
    }
    const place = this.tree.place(whiteout.path);
    const existing = place.directory.children.get(place.name);
    const directory = this.tree.directory(existing);
    // The layer's own files stay: a whiteout hides only what lies below the layer.
    if (directory !== undefined) directory.isOpaque = true;
    if (existing !== undefined) return;
    const { uid, gid, mtime } = entry;
    this.#addFile(
      { path: whiteout.path, type: "character", mode: 0, uid, gid, size: 0, mtime },
      TYPE_BITS.character,
    );
  }

  #isWhiteout(number: number): boolean {
    const inode = this.inodes.at(number);
    const type = inode.readUInt16LE(INODE.mode) & MODE_TYPE.mask;
    const isZeroDevice = inode.readUInt32LE(INODE.block) === 0 && inode.readUInt32LE(INODE.block + 4) === 0;
    return type === MODE_TYPE.character && isZeroDevice;
  }

  /** Where a path belongs that is not the one directory which a file system cannot do without. */
  #freePlace(path: string): Place {
    const place = this.tree.place(path);
    if (place.directory.children.get(place.name) === INODE_NUMBER.lostAndFound) {
      throw new FormatError("the image needs a directory of this name");
    }
    return place;
  }

  #makeDirectoryInode(): number {
    const number = this.inodes.add();
    writeAttributes(this.inodes.at(number), PARENT_MODE, { uid: 0, gid: 0, mtime: this.#time });
    return number;
  }

  #setFixedDirectories(): void {
    const owner = { uid: 0, gid: 0, mtime: this.#time };
    writeAttributes(this.inodes.at(INODE_NUMBER.root), PARENT_MODE, owner);
    writeAttributes(this.inodes.at(INODE_NUMBER.lostAndFound), LOST_AND_FOUND_MODE, owner);
  }

  #unlinked(number: number, isDirectory: boolean): void {
    const inode = this.inodes.at(number);
    const links = isDirectory ? 0 : inode.readUInt16LE(INODE.links) - 1;
    inode.writeUInt16LE(links, INODE.links);
    if (links > 0) return;
    this.#content.release(number, inode);
    this.inodes.clear(number);
  }
}

/** Refuses attributes that are only written when the entry has long gone by. @throws {FormatError} if they do not fit */
function checkXattrs({ xattrs }: FileEntry): void {
  if (xattrs !== undefined && xattrs.size > 0) encodeXattrs(xattrs, INODE_SIZE - INODE.xattrs);
}
