/**
 * Container state as folders: `<root>/<id>/` with state.json, config.json and lock, all private to the owner.
 *
 * Names that start with `@` belong to the compute service; no container id can contain that letter.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ContainerStateError, RuntimeError, cleanUpAfter, errnoCode } from "../base/errors.ts";
import { ifExists, makeFolder, readTextIfExists, writeFileAtomically } from "../base/files.ts";
import { parseContainerRecord, type ContainerRecord } from "./container-record.ts";
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
    const folder = this.#folder(record.id);
    try {
      mkdirSync(this.#root, { recursive: true, mode: 0o700 });
      requireSpace(this.#root);
      if (!makeFolder(folder)) throw existing(record.id);
      const lock = await this.lock(record.id);
      writeFileSync(join(folder, "config.json"), configuration, { mode: 0o600 });
      writeFileAtomically(join(folder, "state.json"), JSON.stringify(record));
      return lock;
    } catch (error) {
      if (error instanceof ContainerStateError) throw error;
      const failure = error instanceof RuntimeError ? error : unwritable(record.id, folder, error);
      throw await cleanUpAfter(failure, () => this.remove(record.id));
    }
  }

  load(id: string): ContainerRecord {
    const path = join(this.#folder(id), "state.json");
    const text = readTextIfExists(path);
    if (text === undefined) throw this.has(id) ? halfMade(id, path) : missingContainer(id);
    return parseContainerRecord(id, path, text);
  }

  loadConfiguration(id: string): string {
    const path = join(this.#folder(id), "config.json");
    const text = readTextIfExists(path);
    if (text === undefined) throw this.has(id) ? halfMade(id, path) : missingContainer(id);
    return text;
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
    const path = join(this.#folder(id), "lock");
    const fd = ifExists(() => openSync(path, "a", 0o600));
    if (fd === undefined) return undefined;
    if (this.#tryLock(fd) && isSameFile(fd, path)) return { release: () => closeSync(fd) };
    closeSync(fd);
    return undefined;
  }

  remove(id: string): void {
    rmSync(this.#folder(id), { recursive: true, force: true });
  }

  list(): string[] {
    const entries = ifExists(() => readdirSync(this.#root, { withFileTypes: true })) ?? [];
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("@"));
    return folders
      .map(({ name }) => name)
      .filter((id) => this.#holdsOnlyState(id))
      .toSorted();
  }

  /** A folder with anything else in it was made by somebody else, whose files must never be taken for garbage. */
  #holdsOnlyState(id: string): boolean {
    const names = ifExists(() => readdirSync(this.#folder(id))) ?? [];
    return names.every((name) => /^(?:lock|config\.json|state\.json|\.state\.json\.\d+)$/.test(name));
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
