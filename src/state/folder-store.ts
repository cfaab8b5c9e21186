/**
 * Container state as folders: `<root>/<id>/` with state.json, config.json and lock, all private to the owner.
 *
 * A folder gets its name when it is whole and loses it before anything in it is removed, so that other calls see a
 * whole container or none. Names that start with `@` belong to the compute service, and `@state.` to folders in
 * between; no container id can contain that letter.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ContainerStateError, RuntimeError, cleanUpAfter, errnoCode } from "../base/errors.ts";
import { ifExists, readTextIfExists } from "../base/files.ts";
import type { Leftover } from "../hcs/compute-service.ts";
import { parseContainerRecord, type ContainerRecord } from "./container-record.ts";
import { privateFolder } from "./private-folder.ts";
import { existingContainer, halfMadeContainer, missingContainer } from "./state-faults.ts";
import type { ContainerLock, StateStore } from "./state-store.ts";
import { waitForLock } from "./wait-for-lock.ts";

/** What the state of a container takes, that of its executor included, and as much again. */
const LEAST_FREE_BYTES = 128 * 1024;
const LEAST_FREE_FILES = 32;

/** A state store in a folder. */
export class FolderStore implements StateStore {
  readonly #root: string;
  readonly #tryLock: (fd: number) => boolean;

  /** @param tryLock takes an exclusive lock on an open file, without waiting */
  constructor(root: string, tryLock: (fd: number) => boolean) {
    this.#root = root;
    this.#tryLock = tryLock;
  }

  async create(record: ContainerRecord, configuration: string): Promise<ContainerLock> {
    const { id } = record;
    const unnamed = privateFolder(this.#root);
    let lock: ContainerLock | undefined;
    try {
      mkdirSync(this.#root, { recursive: true, mode: 0o700 });
      requireSpace(this.#root);
      if (this.has(id)) throw existing(id);
      lock = this.#makeLocked(unnamed);
      writeFileSync(join(unnamed, "config.json"), configuration, { mode: 0o600 });
      // On the disk before the folder has its name, which itself need not survive a power failure: no container does.
      writeFileSync(join(unnamed, "state.json"), JSON.stringify(record), { mode: 0o600, flush: true });
      if (!moveToNew(unnamed, this.#folder(id))) throw existing(id);
      return lock;
    } catch (error) {
      const failure = error instanceof RuntimeError ? error : unwritable(id, this.#folder(id), error);
      throw await cleanUpAfter(failure, () => {
        lock?.release();
        rmSync(unnamed, { recursive: true, force: true });
      });
    }
  }

  load(id: string): ContainerRecord {
    return parseContainerRecord(id, join(this.#folder(id), "state.json"), this.#read(id, "state.json"));
  }

  loadConfiguration(id: string): string {
    return this.#read(id, "config.json");
  }

  has(id: string): boolean {
    return ifExists(() => statSync(this.#folder(id))) !== undefined;
  }

  lock(id: string): Promise<ContainerLock> {
    return waitForLock(id, () => {
      const lock = this.tryLock(id);
      if (lock === undefined && !this.has(id)) throw missingContainer(id);
      return lock;
    });
  }

  tryLock(id: string): ContainerLock | undefined {
    this.#requireOwn(id);
    const path = join(this.#folder(id), "lock");
    // It is made only where a damaged container has none: never in a folder that is just being removed.
    const fd = ifExists(() => openSync(path, "r+")) ?? ifExists(() => openSync(path, "a", 0o600));
    if (fd === undefined) return undefined;
    if (this.#tryLock(fd) && isSameFile(fd, path)) return { release: () => closeSync(fd) };
    closeSync(fd);
    return undefined;
  }

  remove(id: string): void {
    this.#discard(this.#folder(id));
  }

  async findLeftovers(): Promise<Leftover[]> {
    const { abandonedFolders } = await import("./abandoned-folders.ts");
    return abandonedFolders(this.#root).map((path) => ({
      description: `state folder "${path}" of a call that was killed`,
      remove: async () => this.#discard(path),
    }));
  }

  list(): string[] {
    const entries = ifExists(() => readdirSync(this.#root, { withFileTypes: true })) ?? [];
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("@"));
    return folders
      .map(({ name }) => name)
      .filter((id) => this.#foreignName(id) === undefined)
      .toSorted();
  }

  /** A folder with anything but state in it was made by somebody else, whose files must never be taken for garbage. */
  #foreignName(id: string): string | undefined {
    const names = ifExists(() => readdirSync(this.#folder(id))) ?? [];
    return names.find((name) => !/^(?:lock|config\.json|state\.json|\.state\.json\.\d+)$/.test(name));
  }

  #requireOwn(id: string): void {
    const name = this.#foreignName(id);
    if (name !== undefined) throw foreignFolder(id, this.#folder(id), name);
  }

  #makeLocked(folder: string): ContainerLock {
    mkdirSync(folder, { mode: 0o700 });
    const fd = openSync(join(folder, "lock"), "wx", 0o600);
    const lock = { release: () => closeSync(fd) };
    if (this.#tryLock(fd)) return lock;
    lock.release();
    throw new Error("another process holds its new lock");
  }

  /** A folder without the file is damaged only if it is the same one after the look as before; else it is looked into again. */
  #read(id: string, name: string): string {
    const path = join(this.#folder(id), name);
    for (let inode = 0; ;) {
      const text = readTextIfExists(path);
      if (text !== undefined) return text;
      const folder = ifExists(() => statSync(this.#folder(id)));
      if (folder === undefined) throw missingContainer(id);
      this.#requireOwn(id);
      if (folder.ino === inode) throw halfMade(id, path);
      inode = folder.ino;
    }
  }

  /** Of many callers at once, one removes the folder. @returns false if it is none that does */
  #discard(folder: string): boolean {
    const unnamed = privateFolder(this.#root);
    const isMoved = ifExists(() => {
      renameSync(folder, unnamed);
      return true;
    });
    if (isMoved === undefined) return false;
    rmSync(unnamed, { recursive: true, force: true });
    return true;
  }

  #folder(id: string): string {
    return join(this.#root, id);
  }
}

/** With less left an executor fails half-way, and cannot even write down why. */
function requireSpace(root: string): void {
  const { blocks, bfree, bsize, files, ffree } = statfsSync(root);
  // A file system without such a limit calls it 0.
  const lacksBytes = blocks > 0 && bfree * bsize < LEAST_FREE_BYTES;
  const lacksFiles = files > 0 && ffree < LEAST_FREE_FILES;
  if (lacksBytes) throw new Error(`ENOSPC, only ${bfree * bsize} bytes are free`);
  if (lacksFiles) throw new Error(`ENOSPC, only ${ffree} more files can be made`);
}

/** Names a folder. @returns false if anything has that name, but for an empty folder, which is replaced */
function moveToNew(folder: string, path: string): boolean {
  try {
    renameSync(folder, path);
    return true;
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(errnoCode(error) ?? "")) return false;
    throw error;
  }
}

/** A lock on a file that its last holder has removed protects nothing. */
function isSameFile(fd: number, path: string): boolean {
  return ifExists(() => statSync(path).ino) === fstatSync(fd).ino;
}

function existing(id: string): ContainerStateError {
  return existingContainer(id, `container with given ID already exists: "${id}"`);
}

function halfMade(id: string, path: string): ContainerStateError {
  return halfMadeContainer(id, `"${path}" is missing`);
}

function foreignFolder(id: string, folder: string, name: string): ContainerStateError {
  const message = `Cannot take "${folder}" for the state of container "${id}": it holds "${name}", which is none`;
  return new ContainerStateError("STATE_INVALID", id, message, {
    hint: "Give the folder that the container was made in with --root",
  });
}

function unwritable(id: string, folder: string, cause: unknown): ContainerStateError {
  const reason = cause instanceof Error ? (errnoCode(cause) ?? cause.message) : String(cause);
  return new ContainerStateError(
    "STATE_IO",
    id,
    `Cannot keep the state of container "${id}" in "${folder}": ${reason}`,
    {
      hint: "Check free space and permissions there, or give another folder with --root",
      cause,
    },
  );
}
