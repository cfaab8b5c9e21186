/**
 * The files of the host.
 *
 * Every call is a synchronous one inside an asynchronous method: a round through Node's thread pool costs more than
 * any of them.
 */
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { dirname } from "node:path";
import { ifExists, makeFolder, readTextIfExists, writeFileAtomically } from "../../base/files.ts";
import type { FileLook, MachineFiles } from "./machine.ts";

const USES = { execute: constants.X_OK, "read and write": constants.R_OK | constants.W_OK } as const;

/** Opens the host's files; nothing is read or made. */
export function openHostFiles(): MachineFiles {
  return {
    readText: async (path) => readTextIfExists(path),
    writeText: async (path, text) => writeFileSync(path, text, { mode: 0o600 }),
    replaceText: async (path, text) => writeFileAtomically(path, text),
    readBytes: async (path, position, length) => readBytes(path, position, length),
    writeNew: async (path, bytes, size) => writeNew(path, bytes, size),
    copyFile,
    rename: async (path, target) => renameSync(path, target),
    setOwner: async (path, { uid, gid, mode }) => {
      chownSync(path, uid, gid);
      chmodSync(path, mode & 0o7777);
    },
    resolvePath: async (path) => ifExists(() => realpathSync.native(path)),
    exists: async (path) => existsSync(path),
    isAllowed: async (path, use) => isAllowed(path, USES[use]),
    lookAtFile: async (path) => lookAtFile(path),
    makeFolder: async (path) => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      return makeFolder(path);
    },
    remove: async (path) => rmSync(path, { recursive: true, force: true }),
    removeEmptyFolder: async (path) => ifExists(() => rmdirSync(path)),
    list: async (path) => ifExists(() => readdirSync(path)) ?? [],
    listFolders: async (path) => listFolders(path),
  };
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function readBytes(path: string, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const fd = openSync(path, constants.O_RDONLY);
  try {
    let done = 0;
    for (let count = -1; count !== 0 && done < length; done += count)
      count = readSync(fd, bytes, done, length - done, position + done);
    return bytes.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

function writeNew(path: string, bytes: Uint8Array, size: number): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    writeFileSync(fd, bytes);
    ftruncateSync(fd, size);
  } finally {
    closeSync(fd);
  }
}

/** Images are large, so this alone is left to a thread. */
async function copyFile(source: string, target: string): Promise<void> {
  const { copyFile: copy } = await import("node:fs/promises");
  await copy(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
}

function lookAtFile(path: string): FileLook | undefined {
  const stats = ifExists(() => lstatSync(path));
  if (stats === undefined) return undefined;
  const { mode, uid, gid, size } = stats;
  const look = { type: fileType(stats), mode, uid, gid, size };
  return look.type === "link" ? { ...look, target: readlinkSync(path) } : look;
}

function fileType(stats: Stats): FileLook["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

function listFolders(path: string): string[] {
  const entries = ifExists(() => readdirSync(path, { withFileTypes: true })) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
