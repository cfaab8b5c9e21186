import { FormatError, quoteName } from "../format-error.ts";
import { INODE_NUMBER, NAME_MAX } from "./constants.ts";

/** A directory while its image is written; its blocks come at the end. */
export class Directory {
  readonly inode: number;
  /** The root is its own parent. */
  readonly parent: Directory;
  /** Inode numbers by name, a byte string. */
  readonly children = new Map<string, number>();
  subdirectories = 0;
  xattrs: ReadonlyMap<string, Uint8Array> | undefined;
  /** Whether it hides the directory below it in an overlay. */
  isOpaque = false;

  constructor(inode: number, parent?: Directory) {
    this.inode = inode;
    this.parent = parent ?? this;
  }
}

/** The path of a directory that is in its tree. */
export function pathOf({ inode, parent }: Directory): string {
  if (parent.inode === inode) return "";
  const [name = ""] = [...parent.children].find(([, child]) => child === inode) ?? [];
  const parentPath = pathOf(parent);
  return parentPath === "" ? name : `${parentPath}/${name}`;
}

/** A name in a directory, taken or not. */
export interface Place {
  directory: Directory;
  name: string;
}

/** What a tree asks of the image that it belongs to. */
export interface TreeOwner {
  /** Makes the inode of a directory, with attributes of its own choice. */
  makeInode(): number;
  /** Whether a file gives way to a directory that a path needs: it only hides what lies below the layer. */
  isWhiteout(inode: number): boolean;
  /** A file or directory has lost a name. */
  unlinked(inode: number, isDirectory: boolean): void;
}

/** All names of an image. */
export class ImageTree {
  readonly root = new Directory(INODE_NUMBER.root);
  readonly #directories = new Map<number, Directory>([[INODE_NUMBER.root, this.root]]);
  readonly #owner: TreeOwner;
  /** The last parent that was looked up: neighbours follow each other. */
  #recent: { path: string; directory: Directory } | undefined;

  constructor(owner: TreeOwner) {
    this.#owner = owner;
  }

  /** All directories in the order in which they were made. */
  get directories(): Iterable<Directory> {
    return this.#directories.values();
  }

  /** The directory with this inode, if it is one. */
  directory(inode: number | undefined): Directory | undefined {
    return inode === undefined ? undefined : this.#directories.get(inode);
  }

  /** The inode of a path, "" for the root. */
  find(path: string): number | undefined {
    if (path === "") return this.root.inode;
    let directory: Directory | undefined = this.root;
    let inode: number | undefined;
    for (const name of path.split("/")) {
      inode = directory?.children.get(name);
      directory = this.directory(inode);
    }
    return inode;
  }

  /**
   * Finds where a path other than the root's belongs, and makes the parents that are missing.
   *
   * @throws {FormatError} whose message begins with the fault, if a part of the path is no name or a parent no directory
   */
  place(path: string): Place {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    requireName(name);
    return { directory: slash < 0 ? this.root : this.#parent(path.slice(0, slash)), name };
  }

  /** Gives an inode a name, in the place of what had it. */
  link(place: Place, inode: number): void {
    this.#unlink(place);
    place.directory.children.set(place.name, inode);
  }

  /** The directory of a name: the one that has it, or a new one in the place of what had it. */
  openDirectory(place: Place): Directory {
    const existing = place.directory.children.get(place.name);
    const found = this.directory(existing);
    if (found !== undefined) return found;
    const directory = new Directory(this.#owner.makeInode(), place.directory);
    directory.isOpaque = existing !== undefined && this.#owner.isWhiteout(existing);
    this.link(place, directory.inode);
    this.#directories.set(directory.inode, directory);
    place.directory.subdirectories++;
    return directory;
  }

  /** Takes a name away, and with a directory all that is below it. */
  #unlink({ directory, name }: Place): void {
    const inode = directory.children.get(name);
    if (inode === undefined) return;
    directory.children.delete(name);
    const removed = this.#directories.get(inode);
    if (removed !== undefined) this.#remove(removed);
    this.#owner.unlinked(inode, removed !== undefined);
  }

  #remove(directory: Directory): void {
    for (const name of directory.children.keys()) this.#unlink({ directory, name });
    directory.parent.subdirectories--;
    this.#directories.delete(directory.inode);
    this.#recent = undefined;
  }

  #parent(path: string): Directory {
    if (this.#recent?.path === path) return this.#recent.directory;
    let directory = this.root;
    for (const name of path.split("/")) directory = this.#child({ directory, name });
    this.#recent = { path, directory };
    return directory;
  }

  #child(place: Place): Directory {
    const inode = place.directory.children.get(place.name);
    if (inode === undefined) {
      requireName(place.name);
    } else if (!this.#directories.has(inode) && !this.#owner.isWhiteout(inode)) {
      throw new FormatError(`its parent ${quoteName(place.name)} is not a directory`);
    }
    return this.openDirectory(place);
  }
}

function requireName(name: string): void {
  const fault = faultOf(name);
  if (fault !== undefined) throw new FormatError(fault);
}

function faultOf(name: string): string | undefined {
  if (name.length > NAME_MAX) return `a name has ${name.length} bytes, at most ${NAME_MAX} are allowed`;
  if (name === "" || name === "." || name === "..") return `${quoteName(name)} is no name`;
  return name.includes("\0") ? "a name contains NUL" : undefined;
}
