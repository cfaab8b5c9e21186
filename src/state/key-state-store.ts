/**
 * Container state as values of a key: `state` is the record, `config` the configuration, both JSON. The compute
 * service keeps values of other names beside them, which are removed with the key.
 *
 * Names that start with `@` belong to the compute service; no container id can contain that letter.
 */
import { ContainerStateError, cleanUpAfter } from "../base/errors.ts";
import type { Leftover } from "../hcs/compute-service.ts";
import type { KeyLock, KeyStore } from "../hcs/key-store.ts";
import { parseContainerRecord, type ContainerRecord } from "./container-record.ts";
import { existingContainer, halfMadeContainer, missingContainer } from "./state-faults.ts";
import type { ContainerLock, StateStore } from "./state-store.ts";
import { waitForLock } from "./wait-for-lock.ts";

/** A state store in keys. */
export class KeyStateStore implements StateStore {
  readonly #keys: KeyStore;

  constructor(keys: KeyStore) {
    this.#keys = keys;
  }

  async create(record: ContainerRecord, configuration: string): Promise<ContainerLock> {
    const { id } = record;
    const lock = await waitForLock(id, () => this.#lockNewKey(id));
    try {
      this.#write(id, "config", configuration);
      // Last, because a key without it is known to be half made.
      this.#write(id, "state", JSON.stringify(record));
      return lock;
    } catch (error) {
      throw await cleanUpAfter(error, () => {
        this.remove(id);
        lock.release();
      });
    }
  }

  load(id: string): ContainerRecord {
    return parseContainerRecord(id, this.#keys.placeOf(id), this.#read(id, "state"));
  }

  loadConfiguration(id: string): string {
    return this.#read(id, "config");
  }

  has(id: string): boolean {
    return this.#keys.hasKey(id);
  }

  lock(id: string): Promise<ContainerLock> {
    return waitForLock(id, () => {
      const lock = this.tryLock(id);
      if (lock === undefined && !this.has(id)) throw missing(id);
      return lock;
    });
  }

  tryLock(id: string): ContainerLock | undefined {
    if (!this.has(id)) return undefined;
    const lock = this.#keys.tryLock(id);
    // The last holder of the lock may have removed the container.
    if (lock === undefined || this.has(id)) return lock;
    lock.release();
    return undefined;
  }

  remove(id: string): void {
    this.#keys.removeKey(id);
  }

  list(): string[] {
    return this.#keys.listKeys().filter((id) => !id.startsWith("@"));
  }

  /** A key goes at once, with all its values; one that is half made is listed. */
  async findLeftovers(): Promise<Leftover[]> {
    return [];
  }

  /** The lock comes before the key, so that nobody takes a key without values for one that a killed call has left. */
  #lockNewKey(id: string): KeyLock | undefined {
    if (this.#keys.hasKey(id)) throw existing(id);
    const lock = this.#keys.tryLock(id);
    if (lock === undefined) return undefined;
    try {
      if (this.#keys.createKey(id)) return lock;
    } catch (error) {
      lock.release();
      throw error;
    }
    lock.release();
    throw existing(id);
  }

  #write(id: string, name: string, json: string): void {
    if (!this.#keys.writeValue(id, name, { json })) throw missing(id);
  }

  #read(id: string, name: string): string {
    const value = this.#keys.readValue(id, name);
    if (typeof value === "object") return value.json;
    if (value !== undefined)
      throw new ContainerStateError("STATE_INVALID", id, `Cannot read "${name}" of "${id}": it is not JSON`);
    throw this.has(id) ? halfMadeContainer(id, absent(id, name)) : missing(id);
  }
}

/** Callers of the registry's own store look for these phrases. */
function missing(id: string): ContainerStateError {
  return missingContainer(id, `: ID '${id}' was not found`);
}

function existing(id: string): ContainerStateError {
  return existingContainer(id, `Cannot create container "${id}": container ${id} already exists`);
}

function absent(id: string, name: string): string {
  return `state '${name}' is not present for ID '${id}'`;
}
