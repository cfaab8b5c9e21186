import type { Leftover } from "../hcs/compute-service.ts";
import type { ContainerRecord } from "./container-record.ts";

/** Held while a container is made, started or removed; `using` or `release` gives it back. */
export interface ContainerLock {
  release(): void;
}

/** Where runhcs remembers its containers: a folder on Linux, the registry on Windows. */
export interface StateStore {
  /**
   * Claims an id for a new container and locks it.
   *
   * @param configuration text of the OCI configuration, kept for later processes
   * @throws {ContainerStateError} CONTAINER_EXISTS
   */
  create(record: ContainerRecord, configuration: string): Promise<ContainerLock>;
  /** @throws {ContainerStateError} CONTAINER_NOT_FOUND or STATE_INVALID */
  load(id: string): ContainerRecord;
  /** The OCI configuration given to `create`. @throws {ContainerStateError} CONTAINER_NOT_FOUND */
  loadConfiguration(id: string): string;
  /** Whether anything is kept under this id, whole or not. */
  has(id: string): boolean;
  /** Waits for other callers. @throws {ContainerStateError} CONTAINER_NOT_FOUND or CONTAINER_BUSY */
  lock(id: string): Promise<ContainerLock>;
  /** Locks without waiting. @returns undefined if another caller holds the lock or the container is gone */
  tryLock(id: string): ContainerLock | undefined;
  /**
   * Forgets a container, for all callers at once; an unknown id is no error.
   *
   * The lock of a container that is removed is to be held until then, and released afterwards.
   */
  remove(id: string): void;
  /** Ids in alphabetical order, including those whose record cannot be read, but nothing that others have made. */
  list(): string[];
  /** What calls that were killed have left of containers that are not made yet, or no more. */
  findLeftovers(): Promise<Leftover[]>;
}
