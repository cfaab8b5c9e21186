/**
 * What the Windows host remembers of a container beside its state: which system is its, and which shims serve its
 * processes. Each value has a name of its own, so that no process replaces what another has written.
 */
import { parseJson, stringifyJson } from "../../../base/lossless-json.ts";
import type { OciProcess } from "../../../schema/oci.ts";
import type { KeyLock, KeyStore } from "../../key-store.ts";
import { ComputeError, HcsResult } from "../../results.ts";

/** What does not change about a container's system. */
export interface SystemRecord {
  /** GUID that names the pipe of its shim. */
  UniqueId: string;
  Owner: string;
  GuestOs: "Windows" | "Linux";
  InitProcess: OciProcess;
}

/** Names of the values; `pid-N` is the pid of the process whose shim has pid N. */
const SYSTEM = "system";
const RUNTIME_ID = "runtime-id";
const SHIM = "shim";
const PID = "pid";

/** The records of one state root. Every method throws a {@link ComputeError} if the host refuses. */
export class ShimRecords {
  readonly #keys: KeyStore;

  constructor(keys: KeyStore) {
    this.#keys = keys;
  }

  /** Remembers a system before it is made, so that what a killed call leaves can be found. */
  add(id: string, record: SystemRecord): void {
    this.#write(id, SYSTEM, { json: stringifyJson(record) });
  }

  /** @returns undefined if the container has no system, or what is kept of it cannot be read */
  find(id: string): SystemRecord | undefined {
    const value = this.#keys.readValue(id, SYSTEM);
    if (typeof value !== "object") return undefined;
    try {
      const record = parseJson(value.json);
      return isSystemRecord(record) ? record : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether a container has a system, also if what is kept of it cannot be read. */
  has(id: string): boolean {
    return this.#keys.readValue(id, SYSTEM) !== undefined;
  }

  /** Ids of all containers that have a system. */
  list(): string[] {
    return this.#keys.listKeys().filter((id) => this.has(id));
  }

  /** Where what is remembered is kept, for people. */
  placeOf(id: string): string {
    return this.#keys.placeOf(id);
  }

  /** Remembers, once a system has been made, the GUID that the service has given it; "" if it tells none. */
  setRuntimeId(id: string, runtimeId: string): void {
    this.#write(id, RUNTIME_ID, runtimeId);
  }

  /** @returns undefined if no system has been made yet */
  runtimeId(id: string): string | undefined {
    const value = this.#keys.readValue(id, RUNTIME_ID);
    return typeof value === "string" ? value : undefined;
  }

  /** Forgets a system and its processes; an absent one is no error. */
  remove(id: string): void {
    for (const name of this.#keys.listValues(id))
      if ([SYSTEM, RUNTIME_ID, SHIM, PID].includes(name) || /^pid-\d+$/.test(name))
        this.#keys.removeValue(id, name);
  }

  /** Host pid of the first process's shim: 0 when that has ended, undefined if it never was. */
  shim(id: string): number | undefined {
    return this.#number(id, SHIM);
  }

  setShim(id: string, pid: number): void {
    this.#write(id, SHIM, pid);
  }

  /** Forgets that there was a shim; nothing happens if the container has been removed meanwhile. */
  endShim(id: string): void {
    this.#keys.writeValue(id, SHIM, 0);
  }

  /** Pid of the first process, as the service counts. */
  initPid(id: string): number | undefined {
    return this.#number(id, PID);
  }

  setInitPid(id: string, pid: number): void {
    this.#write(id, PID, pid);
  }

  /** Pid, as the service counts, of the further process whose shim has a host pid. */
  execPid(id: string, shim: number): number | undefined {
    return this.#number(id, `pid-${shim}`);
  }

  setExecPid(id: string, shim: number, pid: number): void {
    this.#write(id, `pid-${shim}`, pid);
  }

  endExec(id: string, shim: number): void {
    this.#keys.removeValue(id, `pid-${shim}`);
  }

  /** Host pids of the shims of further processes. */
  execShims(id: string): number[] {
    const names = this.#keys.listValues(id).map((name) => /^pid-(\d+)$/.exec(name)?.[1]);
    return names.filter((digits) => digits !== undefined).map(Number);
  }

  /** Marks a shim as alive until its process ends, however it does. @returns undefined if there is one already */
  holdAlive(uniqueId: string): KeyLock | undefined {
    return this.#keys.tryLock(lockName(uniqueId));
  }

  /** Whether the shim of a container's first process lives; a pid alone could belong to another program by now. */
  isAlive({ UniqueId }: SystemRecord): boolean {
    return this.#keys.isLocked(lockName(UniqueId));
  }

  #number(id: string, name: string): number | undefined {
    const value = this.#keys.readValue(id, name);
    return typeof value === "number" ? value : undefined;
  }

  #write(id: string, name: string, value: number | string | { json: string }): void {
    if (this.#keys.writeValue(id, name, value)) return;
    throw new ComputeError({
      operation: "keep the state of",
      systemId: id,
      hresult: HcsResult.SYSTEM_NOT_FOUND,
    });
  }
}

function lockName(uniqueId: string): string {
  return `@shim-${uniqueId}`;
}

function isSystemRecord(value: unknown): value is SystemRecord {
  if (typeof value !== "object" || value === null) return false;
  const record: Partial<Record<keyof SystemRecord, unknown>> = value;
  const isWhole = typeof record.UniqueId === "string" && typeof record.Owner === "string";
  const isGuest = record.GuestOs === "Windows" || record.GuestOs === "Linux";
  return isWhole && isGuest && typeof record.InitProcess === "object" && record.InitProcess !== null;
}
