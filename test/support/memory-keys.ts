import type { KeyLock, KeyStore, StoredValue } from "../../src/hcs/key-store.ts";

/** Keys that one process has for itself. */
export class MemoryKeys implements KeyStore {
  readonly #keys = new Map<string, Map<string, StoredValue>>();
  readonly #locks = new Set<string>();

  createKey(key: string): boolean {
    if (this.#keys.has(key)) return false;
    this.#keys.set(key, new Map());
    return true;
  }

  hasKey(key: string): boolean {
    return this.#keys.has(key);
  }

  listKeys(): string[] {
    return [...this.#keys.keys()].toSorted();
  }

  removeKey(key: string): void {
    this.#keys.delete(key);
  }

  readValue(key: string, name: string): StoredValue | undefined {
    return this.#keys.get(key)?.get(name);
  }

  writeValue(key: string, name: string, value: StoredValue): boolean {
    this.#keys.get(key)?.set(name, value);
    return this.#keys.has(key);
  }

  removeValue(key: string, name: string): void {
    this.#keys.get(key)?.delete(name);
  }

  listValues(key: string): string[] {
    return [...(this.#keys.get(key)?.keys() ?? [])].toSorted();
  }

  tryLock(key: string): KeyLock | undefined {
    if (this.#locks.has(key)) return undefined;
    this.#locks.add(key);
    return { release: () => void this.#locks.delete(key) };
  }

  isLocked(key: string): boolean {
    return this.#locks.has(key);
  }

  placeOf(key: string): string {
    return `memory of "${key}"`;
  }
}
