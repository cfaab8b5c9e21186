import type { FileEntry } from "../file-entry.ts";
import { FormatError, inContext, quoteName } from "../format-error.ts";
import { BLOCK_SIZE, PATH_MAX } from "./constants.ts";

const ID_MAX = 0xffffffff;
const MAJOR_MAX = 0xfff;
const MINOR_MAX = 0xfffff;
/** Block numbers of a file have 32 bits. */
const FILE_SIZE_MAX = (2 ** 32 - 1) * BLOCK_SIZE;

/**
 * Refuses an entry that an inode cannot hold.
 *
 * @throws {FormatError} whose message begins with the fault: the writer puts the entry's name before it
 */
export function checkEntry(entry: FileEntry): void {
  const fault = faultOf(entry);
  if (fault !== undefined) throw new FormatError(fault);
}

function faultOf(entry: FileEntry): string | undefined {
  const { path, uid, gid, size, type } = entry;
  if (path.length > PATH_MAX) return `its path has ${path.length} bytes, at most ${PATH_MAX} are allowed`;
  if (!isWithin(uid, ID_MAX)) return `its user ${uid} is no number of 32 bits`;
  if (!isWithin(gid, ID_MAX)) return `its group ${gid} is no number of 32 bits`;
  if (path === "" && type !== "directory") return "the root must be a directory";
  if (type === "file" && !isWithin(size, FILE_SIZE_MAX)) {
    return `its size of ${size} bytes is not between 0 and ${FILE_SIZE_MAX}`;
  }
  return faultOfTarget(entry);
}

function faultOfTarget({ type, linkTarget = "", device }: FileEntry): string | undefined {
  if (type === "symlink") {
    if (linkTarget === "" || linkTarget.includes("\0"))
      return "the target of a symlink is empty or contains NUL";
    if (linkTarget.length > PATH_MAX) {
      return `its target has ${linkTarget.length} bytes, at most ${PATH_MAX} are allowed`;
    }
  }
  if (type === "character" || type === "block") {
    const { major, minor } = device ?? { major: 0, minor: 0 };
    if (!isWithin(major, MAJOR_MAX) || !isWithin(minor, MINOR_MAX)) {
      return `its device ${major}:${minor} is not between 0:0 and ${MAJOR_MAX}:${MINOR_MAX}`;
    }
  }
  return undefined;
}

function isWithin(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most;
}

/** Puts the name of an entry before the fault that an error tells; other errors stay as they are. */
export function naming(path: string, error: unknown): unknown {
  return error instanceof FormatError ? inContext(`Cannot store ${quoteName(path)}`, error) : error;
}
