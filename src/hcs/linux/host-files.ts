/**
 * The files of the host.
 *
 * Every call is a synchronous one inside an asynchronous method: a round through Node's thread pool costs more than
 * any of them.
 */
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { dirname } from "node:path";
import { ifExists, makeFolder, readTextIfExists } from "../../base/files.ts";
import type { FileLook, MachineFiles } from "./machine.ts";

const USES = { execute: constants.X_OK, "read and write": constants.R_OK | constants.W_OK } as const;

/** Opens the host's files; nothing is read or made. */
export function openHostFiles(): MachineFiles {
  return {
    readText: async (path) => readTextIfExists(path),
    writeText: async (path, text) => writeFileSync(path, text, { mode: 0o600 }),
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

function lookAtFile(path: string): FileLook | undefined {
  const stats = ifExists(() => lstatSync(path));
  if (stats === undefined) return undefined;
  const look = { type: fileType(stats), mode: stats.mode, uid: stats.uid };
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
