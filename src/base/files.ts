import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoCode } from "./errors.ts";

/** Runs `read` and turns the absence of the file, or of the process or control group that it tells of, into undefined. */
export function ifExists<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = errnoCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ESRCH" || code === "ENODEV") return undefined;
    throw error;
  }
}

/** The text of a file; undefined if there is none. */
export function readTextIfExists(path: string): string | undefined {
  return ifExists(() => readFileSync(path, "utf8"));
}

/** Makes a folder of mode 0700. @returns false if it existed */
export function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errnoCode(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Replaces a file so that readers and crashes see the old or the new content, never a part.
 *
 * A symbolic link at `path` is replaced, not followed. The content is on the disk before the name is; whether the
 * name itself survives a power failure does not matter, because no container does.
 */
export function writeFileAtomically(path: string, text: string, mode = 0o600): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    // What a crashed process of the same id left; "wx" then follows no link that is put there.
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, "wx", mode);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Opens a log to add to it. @returns a descriptor that the caller closes */
export function openLog(path: string): number {
  // A named pipe of Windows has no end to add to, and is never made.
  const isPipe = /^\\\\\.\\pipe\\/i.test(path);
  return openSync(path, isPipe ? constants.O_WRONLY : "a", 0o644);
}
