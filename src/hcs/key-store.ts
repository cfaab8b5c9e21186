/**
 * The part of the seam that remembers values under keys, for a host that has a place for that: the registry of
 * Windows. A host without one keeps state in files.
 *
 * Calls return at once, and each is whole: another process sees what was before it or what is after it.
 */

/** JSON, as text. */
export interface JsonText {
  readonly json: string;
}

/** A value under a name; JSON stands for everything that is none of the others. */
export type StoredValue = boolean | number | bigint | string | JsonText;

/** Held by one caller of the whole host until it is released, or until its process ends. */
export interface KeyLock {
  release(): void;
}

/** Keys of one state root, each with values by name. Every method throws a {@link ComputeError} if the host refuses. */
export interface KeyStore {
  /** Makes an empty key. Of many callers at once, one makes it. @returns false if there is one already */
  createKey(key: string): boolean;
  hasKey(key: string): boolean;
  /** In alphabetical order. */
  listKeys(): string[];
  /** Removes a key with its values; an absent one is no error. */
  removeKey(key: string): void;
  /** @returns undefined if there is no such key, or no such value */
  readValue(key: string, name: string): StoredValue | undefined;
  /** Makes or replaces a value. Integers are whole and not negative. @returns false if there is no such key */
  writeValue(key: string, name: string, value: StoredValue): boolean;
  /** Removes a value; an absent one is no error. */
  removeValue(key: string, name: string): void;
  /** Names of the values of a key, in alphabetical order; none if there is no such key. */
  listValues(key: string): string[];
  /**
   * Locks a name without waiting. Whether there is a key of this name does not matter.
   *
   * @returns undefined if somebody holds the lock
   */
  tryLock(key: string): KeyLock | undefined;
  /** Whether somebody holds the lock of a name. To look takes it from nobody, and never looks like holding it. */
  isLocked(key: string): boolean;
  /** Where a key is kept, for people. */
  placeOf(key: string): string;
}
