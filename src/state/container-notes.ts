/**
 * What is noted of a container while it is made, each under a name of its own, so that none replaces what another has
 * noted. What its shims note of themselves is the compute service's.
 */
import { parseJson, stringifyJson } from "../base/lossless-json.ts";
import type { KeyStore, StoredValue } from "../hcs/key-store.ts";
import { missingContainer } from "./state-faults.ts";

/** Each note and what it holds. */
export interface Notes {
  /** GUID of the network namespace. */
  netns: string;
  /** GUID that the service has given to the container's own VM, from when it is made until it is known to be gone. */
  "vm-runtime-id": string;
  /** What has to be released when the container is removed; a document of whoever allocates it. */
  resources: object;
}

/** Notes about containers. */
export class ContainerNotes {
  readonly #keys: KeyStore;

  constructor(keys: KeyStore) {
    this.#keys = keys;
  }

  /** @returns undefined if nothing is noted, or something of another kind */
  get<N extends keyof Notes>(id: string, name: N): Notes[N] | undefined {
    const value = this.#keys.readValue(id, name);
    return (IS_NOTE[name](value) ? decode(value) : undefined) as Notes[N] | undefined;
  }

  /** Whether something is noted that {@link get} does not give. */
  isDamaged(id: string, name: keyof Notes): boolean {
    return this.get(id, name) === undefined && this.#keys.readValue(id, name) !== undefined;
  }

  /** @throws {ContainerStateError} CONTAINER_NOT_FOUND */
  set<N extends keyof Notes>(id: string, name: N, note: Notes[N]): void {
    this.#write(id, name, typeof note === "object" ? { json: stringifyJson(note) } : note);
  }

  /** Takes a note back; an absent one is no error. */
  clear(id: string, name: keyof Notes): void {
    this.#keys.removeValue(id, name);
  }

  #write(id: string, name: string, value: StoredValue): void {
    if (!this.#keys.writeValue(id, name, value)) throw missingContainer(id, `: ID '${id}' was not found`);
  }
}

const IS_NOTE = {
  netns: (value: StoredValue | undefined) => typeof value === "string",
  "vm-runtime-id": (value: StoredValue | undefined) => typeof value === "string",
  resources: (value: StoredValue | undefined) => typeof value === "object",
};

/** JSON of another program, or none, is no note. */
function decode(value: StoredValue | undefined): unknown {
  if (typeof value !== "object") return value;
  try {
    const document = parseJson(value.json);
    return typeof document === "object" && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}
