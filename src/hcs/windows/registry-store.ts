/**
 * Keys in the registry, which Windows forgets when it stops: no container outlives that either.
 *
 * `HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\runhcs\<root>\<key>`, both names escaped. Only administrators can read or
 * write there, because specifications may hold secrets. Windows does not tell upper from lower case in names.
 */
import type { KeyLock, KeyStore, StoredValue } from "../key-store.ts";
import { administratorsOnly } from "./administrators-only.ts";
import type { Bindings } from "./bindings/open-bindings.ts";
import { isNameLocked, tryLockName } from "./name-lock.ts";
import { escapeName, unescapeName } from "./registry-name.ts";
import { decodeValue, encodeValue, type RegistryValue } from "./registry-value.ts";
import { systemFailure } from "./system-failure.ts";

const HKEY_LOCAL_MACHINE = 0xffff_ffff_8000_0002n;
const BASE = "SOFTWARE\\Microsoft\\runhcs";

const REG_OPTION_VOLATILE = 1;
const REG_CREATED_NEW_KEY = 1;
const KEY_READ = 0x20019;
const KEY_WRITE = 0x20006;

const ERROR_SUCCESS = 0;
const ERROR_FILE_NOT_FOUND = 2;
const ERROR_MORE_DATA = 234;
const ERROR_NO_MORE_ITEMS = 259;
/** The key was removed while a handle of it was open. */
const ERROR_KEY_DELETED = 1018;

/** Longest name of a value, in characters with the final NUL; names of keys are shorter. */
const LONGEST_NAME = 16_384;
/** Holds most values at the first try, in bytes. */
const USUAL_SIZE = 4096;

/** A key store in the registry. */
export class RegistryStore implements KeyStore {
  readonly #bindings: Bindings;
  readonly #path: string;

  /** @param root name of the key below which everything lies */
  constructor(bindings: Bindings, root: string) {
    this.#bindings = bindings;
    this.#path = `${BASE}\\${escapeName(root)}`;
  }

  createKey(key: string): boolean {
    const { value, out } = administratorsOnly(this.#bindings, (attributes) =>
      this.#calls.RegCreateKeyExW(
        HKEY_LOCAL_MACHINE,
        this.#pathOf(key),
        0,
        null,
        REG_OPTION_VOLATILE,
        KEY_READ | KEY_WRITE,
        attributes,
      ),
    );
    if (value !== ERROR_SUCCESS) throw this.#failure("make", key, value);
    this.#calls.RegCloseKey(out[0]);
    return out[1] === REG_CREATED_NEW_KEY;
  }

  hasKey(key: string): boolean {
    return this.#withKey(this.#pathOf(key), KEY_READ, () => true) ?? false;
  }

  listKeys(): string[] {
    const names = this.#withKey(this.#path, KEY_READ, (handle) => this.#names(handle, "RegEnumKeyExW"));
    return (names ?? []).flatMap((name) => unescapeName(name) ?? []).toSorted();
  }

  removeKey(key: string): void {
    const { value } = this.#calls.RegDeleteTreeW(HKEY_LOCAL_MACHINE, this.#pathOf(key));
    if (value !== ERROR_SUCCESS && !isGone(value)) throw this.#failure("remove", key, value);
  }

  readValue(key: string, name: string): StoredValue | undefined {
    const found = this.#withKey(this.#pathOf(key), KEY_READ, (handle) => this.#query(handle, key, name));
    return found === undefined ? undefined : decodeValue(found);
  }

  writeValue(key: string, name: string, value: StoredValue): boolean {
    const { type, bytes } = encodeValue(value);
    const isWritten = this.#withKey(this.#pathOf(key), KEY_WRITE, (handle) => {
      const { value: code } = this.#calls.RegSetValueExW(handle, name, 0, type, bytes, bytes.length);
      if (code !== ERROR_SUCCESS && !isGone(code)) throw this.#failure(`write "${name}" into`, key, code);
      return code === ERROR_SUCCESS;
    });
    return isWritten ?? false;
  }

  removeValue(key: string, name: string): void {
    this.#withKey(this.#pathOf(key), KEY_WRITE, (handle) => {
      const { value } = this.#calls.RegDeleteValueW(handle, name);
      if (value !== ERROR_SUCCESS && !isGone(value)) throw this.#failure(`remove "${name}" from`, key, value);
    });
  }

  listValues(key: string): string[] {
    const path = this.#pathOf(key);
    return this.#withKey(path, KEY_READ, (handle) => this.#names(handle, "RegEnumValueW"))?.toSorted() ?? [];
  }

  tryLock(key: string): KeyLock | undefined {
    return tryLockName(this.#bindings, this.#pathOf(key));
  }

  isLocked(key: string): boolean {
    return isNameLocked(this.#bindings, this.#pathOf(key));
  }

  placeOf(key: string): string {
    return `HKLM\\${this.#pathOf(key)}`;
  }

  get #calls(): Bindings["direct"]["advapi32"] {
    return this.#bindings.direct.advapi32;
  }

  #pathOf(key: string): string {
    return `${this.#path}\\${escapeName(key)}`;
  }

  /** Opens a key for the time of `act`. @returns undefined if there is none */
  #withKey<T>(path: string, access: number, act: (handle: bigint) => T): T | undefined {
    const { value, out } = this.#calls.RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, access);
    if (isGone(value)) return undefined;
    const [handle] = out;
    if (value !== ERROR_SUCCESS || handle === null)
      throw systemFailure(`open the registry key "HKLM\\${path}"`, value);
    try {
      return act(handle);
    } finally {
      this.#calls.RegCloseKey(handle);
    }
  }

  #query(handle: bigint, key: string, name: string): RegistryValue | undefined {
    for (let size = USUAL_SIZE; ;) {
      const bytes = Buffer.alloc(size);
      const { value, out } = this.#calls.RegQueryValueExW(handle, name, null, bytes, size);
      const [type, length] = out;
      if (isGone(value)) return undefined;
      if (value === ERROR_SUCCESS) return { type, bytes: bytes.subarray(0, length) };
      if (value !== ERROR_MORE_DATA) throw this.#failure(`read "${name}" of`, key, value);
      // Another process may make it longer still before the next try.
      size = Math.max(length, size + 1);
    }
  }

  #names(handle: bigint, call: "RegEnumKeyExW" | "RegEnumValueW"): string[] {
    const names: string[] = [];
    const name = Buffer.alloc(LONGEST_NAME * 2);
    for (let index = 0; ; index++) {
      const { value, out } =
        call === "RegEnumKeyExW"
          ? this.#calls.RegEnumKeyExW(handle, index, name, LONGEST_NAME, null, null, null, null)
          : this.#calls.RegEnumValueW(handle, index, name, LONGEST_NAME, null, null, null);
      if (value === ERROR_NO_MORE_ITEMS || isGone(value)) return names;
      if (value !== ERROR_SUCCESS) throw systemFailure(`list the registry key "HKLM\\${this.#path}"`, value);
      names.push(name.toString("utf16le", 0, out[0] * 2));
    }
  }

  #failure(action: string, key: string, code: number): Error {
    return systemFailure(`${action} the registry key "${this.placeOf(key)}"`, code);
  }
}

function isGone(code: number): boolean {
  return code === ERROR_FILE_NOT_FOUND || code === ERROR_KEY_DELETED;
}
