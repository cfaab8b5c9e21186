import type { ByteSource } from "../../byte-io.ts";
import type { FileEntry } from "../../file-entry.ts";
import { quoteName } from "../../format-error.ts";
import { INODE_NUMBER, PATH_MAX } from "../constants.ts";
import { ENTRY_TYPE } from "../directory.ts";
import { contentRuns, type ContentRun } from "./content-runs.ts";
import type { StoredName } from "./directory-block.ts";
import { readNames } from "./directory-reader.ts";
import { GroupTable } from "./group-table.ts";
import { ImageFault } from "./image-fault.ts";
import { Image } from "./image.ts";
import { InodeSource } from "./inode-source.ts";
import type { InodeView } from "./inode-view.ts";
import { ReadWindow } from "./read-window.ts";
import { readWhole } from "./read-whole.ts";
import type { Superblock } from "./superblock-reader.ts";
import { readXattrs } from "./xattr-reader.ts";

/** A file of an image under one of its names. */
export interface FoundFile {
  /** Never a hard link: whether this is a further name of a file tells its inode. */
  entry: FileEntry & { type: Exclude<FileEntry["type"], "hardlink"> };
  /** Number of the inode. */
  inode: number;
  /** How many names the file has; for directories, what the image says. */
  links: number;
}

/** What takes contents. */
export interface ContentTarget {
  data(chunk: Buffer): void;
  hole(length: number): void;
}

/**
 * Reads an ext4 image, whoever made it. What it reads it checks: every number against the image, and every checksum
 * that the image has.
 *
 * @example
 * const reader = new Ext4Reader(new FileSource(fd));
 * for (const { entry } of reader.walk()) names.push(entry.path);
 */
export class Ext4Reader {
  readonly superblock: Superblock;
  readonly #image: Image;
  readonly #inodes: InodeSource;
  readonly #window: ReadWindow;

  /** @throws {ImageFault} if it is no ext4 image, is damaged, or uses what this reader does not know */
  constructor(source: ByteSource) {
    this.#image = new Image(source);
    this.superblock = this.#image.superblock;
    this.#inodes = new InodeSource(this.#image, new GroupTable(this.#image));
    this.#window = new ReadWindow(source);
  }

  /** The root under the path "". @throws {ImageFault} */
  root(): FoundFile {
    return this.#found("", INODE_NUMBER.root);
  }

  /** What a directory holds, ordered by the bytes of the names. @throws {ImageFault} if it is damaged */
  children(directory: FoundFile): FoundFile[] {
    const { path } = directory.entry;
    return this.#sortedNames(directory).map(({ name, inode }) => this.#found(join(path, name), inode));
  }

  /** The file of this name in a directory. @throws {ImageFault} if the directory or the file is damaged */
  child(directory: FoundFile, name: string): FoundFile | undefined {
    const found = readNames(this.#image, this.#inode(directory)).find((one) => one.name === name);
    return found === undefined ? undefined : this.#found(join(directory.entry.path, name), found.inode);
  }

  /**
   * Everything below a directory and itself, a directory before what it holds and names ordered by their bytes. Paths
   * count from that directory.
   *
   * @param devicesFirst whether the character devices of a directory, such as whiteouts, come before its other files
   * @throws {ImageFault} if something is damaged, or a directory has two places
   */
  *walk(from: FoundFile = this.root(), devicesFirst = false): Generator<FoundFile, void> {
    const visited = new Set<number>();
    let bytesLeft = this.superblock.blocks * this.superblock.blockSize;
    const stack = [{ path: "", number: from.inode }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const found = this.#found(next.path, next.number);
      yield found;
      if (found.entry.type !== "directory") continue;
      if (visited.has(found.inode))
        throw new ImageFault("the directory has two places", { inode: found.inode });
      visited.add(found.inode);
      bytesLeft -= this.#inode(found).size;
      if (bytesLeft < 0) throw new ImageFault("its directories claim more blocks than there are");
      const sorted = this.#sortedNames(found);
      const names = devicesFirst
        ? sorted.toSorted((a, b) => Number(isDevice(b)) - Number(isDevice(a)))
        : sorted;
      for (const { name, inode } of names.toReversed())
        stack.push({ path: join(next.path, name), number: inode });
    }
  }

  /** How the contents of a file are divided into data and holes. @throws {ImageFault} */
  runs(file: FoundFile): Generator<ContentRun, void> {
    return contentRuns(this.#image, this.#inode(file));
  }

  /**
   * Reads the contents of a file: bytes, in pieces of up to 1 MiB that are valid until the next, and the lengths of
   * holes, which are not read.
   *
   * @throws {ImageFault} if they are encrypted or damaged
   */
  *pieces(file: FoundFile): Generator<Buffer | number, void> {
    for (const { length, position, bytes } of this.runs(file)) {
      if (bytes !== undefined) yield bytes;
      else if (position === undefined) yield length;
      else yield* this.#window.pieces(position, length);
    }
  }

  /** Hands the pieces of a file's contents on. @throws {ImageFault} */
  read(file: FoundFile, target: ContentTarget): void {
    for (const piece of this.pieces(file)) {
      if (typeof piece === "number") target.hole(piece);
      else target.data(piece);
    }
  }

  #inode({ inode }: FoundFile): InodeView {
    return this.#inodes.at(inode);
  }

  #sortedNames(directory: FoundFile): StoredName[] {
    const names = readNames(this.#image, this.#inode(directory)).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    const twice = names.find(({ name }, index) => name === names[index + 1]?.name);
    if (twice !== undefined)
      throw new ImageFault(`it has the name ${quoteName(twice.name)} twice`, { inode: directory.inode });
    return names;
  }

  #found(path: string, number: number): FoundFile {
    if (path.length > PATH_MAX) {
      const found = `its path ${quoteName(path)} has more than ${PATH_MAX} bytes`;
      throw new ImageFault(found, { inode: number });
    }
    const { firstInode } = this.superblock;
    if (number !== INODE_NUMBER.root && number < firstInode)
      throw new ImageFault(`it is a reserved inode, but ${quoteName(path)} refers to it`, { inode: number });
    const inode = this.#inodes.at(number);
    return { entry: this.#entry(path, inode), inode: number, links: inode.links };
  }

  #entry(path: string, inode: InodeView): FoundFile["entry"] {
    const { type, number } = inode;
    if (type === undefined) throw new Error(`unreachable: inode ${number} has no type`);
    if (path === "" && number === INODE_NUMBER.root && type !== "directory")
      throw new ImageFault("the root is no directory", { inode: number });
    const xattrs = readXattrs(this.#image, this.#inodes, inode);
    return {
      path,
      type,
      mode: inode.mode & 0o7777,
      uid: inode.uid,
      gid: inode.gid,
      size: type === "file" ? inode.size : 0,
      mtime: inode.mtime,
      atime: inode.atime,
      ctime: inode.ctime,
      ...(type === "symlink" ? { linkTarget: this.#linkTarget(inode) } : {}),
      ...(type === "character" || type === "block" ? { device: inode.device } : {}),
      ...(xattrs.size > 0 ? { xattrs } : {}),
    };
  }

  #linkTarget(inode: InodeView): string {
    const target = readWhole(this.#image, inode, PATH_MAX).toString("latin1");
    if (target !== "" && !target.includes("\0")) return target;
    throw new ImageFault("the target of a symlink is empty or contains NUL", { inode: inode.number });
  }
}

function isDevice({ type }: StoredName): boolean {
  return type === ENTRY_TYPE.character;
}

function join(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}
