/**
 * Who uses a layer: a value of a key of its own, `@layer-<hash of its path>`, which Windows forgets when it stops, as
 * it does its mounts.
 *
 * A change is announced before it is made (`Step`). If the call that makes it is killed, the next one knows that
 * what it finds is ours and half made, and takes it apart. A layer that another program has mounted has no record,
 * and is never taken apart.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { KeyStore } from "../../key-store.ts";
import { layerFault } from "../../layer-fault.ts";
import type { LayerContext } from "./layer-context.ts";

/** What is remembered of a layer in use. */
export interface LayerRecord {
  /** Absolute path of the layer's folder. */
  layer: string;
  activations: number;
  preparations: number;
  /** The layers below, top-most first; empty until it lies over them. */
  parents: string[];
  /** Further folders at which the files are shown. */
  targets: string[];
  /** What a call is about to do, or was when it was killed. */
  step?: "activate" | "prepare";
}

/** A layer's record, while this call alone may change it. */
export interface HeldLayer {
  record: LayerRecord;
  /** Writes the record down; one without uses and steps is removed. */
  save(): void;
}

const VALUE = "uses";
const PREFIX = "@layer-";
const LOCK_POLL_MS = 5;
const LOCK_TIMEOUT_MS = 60_000;

/** Reads the record of a layer; undefined if nobody uses it. */
export function readRecord(keys: KeyStore, path: string): LayerRecord | undefined {
  return readKey(keys, keyOf(path));
}

/** Reads the records of all layers in use. */
export function listRecords(keys: KeyStore): LayerRecord[] {
  const names = keys.listKeys().filter((key) => key.startsWith(PREFIX));
  return names.flatMap((key) => readKey(keys, key) ?? []);
}

/** Whether two paths are the same folder, as far as their text tells: Windows does not tell upper from lower case. */
export function isSamePath(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/**
 * Acts on the uses of a layer while no other call changes them.
 *
 * @throws {LayerError} LAYER_BUSY if another call is at work for too long
 */
export async function withLayer<T>(
  { keys }: LayerContext,
  path: string,
  act: (held: HeldLayer) => Promise<T>,
): Promise<T> {
  const key = keyOf(path);
  const lock = await waitForLock(keys, key, path);
  try {
    const unused = { layer: resolve(path), activations: 0, preparations: 0, parents: [], targets: [] };
    const record = readKey(keys, key) ?? unused;
    return await act({ record, save: () => write(keys, key, record) });
  } finally {
    lock.release();
  }
}

/** Acts while no other call of this state root prepares a layer: the filter driver loses layers otherwise. */
export async function oneAtATime<T>({ keys }: LayerContext, path: string, act: () => Promise<T>): Promise<T> {
  const lock = await waitForLock(keys, "@prepare", path);
  try {
    return await act();
  } finally {
    lock.release();
  }
}

async function waitForLock(keys: KeyStore, key: string, path: string) {
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const lock = keys.tryLock(key);
    if (lock !== undefined) return lock;
    if (Date.now() > deadline) {
      const found = `another call has been at work on it for ${LOCK_TIMEOUT_MS / 1000} s`;
      throw layerFault("LAYER_BUSY", path, ["mount", found]);
    }
    await new Promise((done) => setTimeout(done, LOCK_POLL_MS));
  }
}

function write(keys: KeyStore, key: string, record: LayerRecord): void {
  if (record.activations === 0 && record.step === undefined) {
    keys.removeKey(key);
    return;
  }
  keys.createKey(key);
  keys.writeValue(key, VALUE, { json: JSON.stringify(record) });
}

function readKey(keys: KeyStore, key: string): LayerRecord | undefined {
  const value = keys.readValue(key, VALUE);
  if (typeof value !== "object") return undefined;
  try {
    const record: unknown = JSON.parse(value.json);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is LayerRecord {
  if (typeof value !== "object" || value === null) return false;
  const { layer, activations, preparations, parents, targets }: Partial<LayerRecord> = value;
  const areCounts = Number.isInteger(activations) && Number.isInteger(preparations);
  return typeof layer === "string" && areCounts && Array.isArray(parents) && Array.isArray(targets);
}

function keyOf(path: string): string {
  return PREFIX + createHash("sha256").update(plain(path)).digest("hex").slice(0, 16);
}

function plain(path: string): string {
  return resolve(path)
    .toLowerCase()
    .replace(/[\\/]+$/, "");
}
