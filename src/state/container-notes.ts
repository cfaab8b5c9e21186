/**
 * What the processes of runhcs that stay with a container note about it, each under a name of its own, so that none
 * replaces what another has noted.
 */
import { parseJson, stringifyJson } from "../base/lossless-json.ts";
import type { KeyStore, StoredValue } from "../hcs/key-store.ts";
import { missingContainer } from "./state-faults.ts";

/** Each note and what it holds. */
export interface Notes {
  /** Host pid of the shim of the first process; 0 when that has exited. */
  shim: number;
  /** Pid of the first process, as the compute service counts. */
  pid: number;
  /** GUID of the network namespace. */
  netns: string;
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

  /** @throws {ContainerStateError} CONTAINER_NOT_FOUND */
  set<N extends keyof Notes>(id: string, name: N, note: Notes[N]): void {
    this.#write(id, name, typeof note === "object" ? { json: stringifyJson(note) } : note);
  }

  /** Takes a note back; an absent one is no error. */
  clear(id: string, name: keyof Notes): void {
    this.#keys.removeValue(id, name);
  }

  /** The pid, as the compute service counts, of the process whose shim has a host pid. */
  processOf(id: string, shim: number): number | undefined {
    const value = this.#keys.readValue(id, processName(shim));
    return IS_NOTE.pid(value) ? value : undefined;
  }

  /** @throws {ContainerStateError} CONTAINER_NOT_FOUND */
  addProcess(id: string, shim: number, pid: number): void {
    this.#write(id, processName(shim), pid);
  }

  /** An unknown shim is no error. */
  removeProcess(id: string, shim: number): void {
    this.#keys.removeValue(id, processName(shim));
  }

  /** Host pids of the shims of all further processes, in ascending order. */
  shimsOfProcesses(id: string): number[] {
    const names = this.#keys.listValues(id);
    const pids = names.flatMap((name) => /^pid-(\d+)$/.exec(name)?.[1] ?? []);
    return pids.map(Number).toSorted((a, b) => a - b);
  }

  #write(id: string, name: string, value: StoredValue): void {
    if (!this.#keys.writeValue(id, name, value)) throw missingContainer(id, `: ID '${id}' was not found`);
  }
}

const IS_NOTE = {
  shim: isPid,
  pid: isPid,
  netns: (value: StoredValue | undefined) => typeof value === "string",
  resources: (value: StoredValue | undefined) => typeof value === "object",
};

function isPid(value: StoredValue | undefined): value is number {
  return typeof value === "number";
}

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

function processName(shim: number): string {
  return `pid-${shim}`;
}
