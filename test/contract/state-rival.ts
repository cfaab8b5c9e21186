// A process that makes and removes one container again and again, to the vexation of others that look at it.
import { writeSync } from "node:fs";
import { setImmediate as othersTurn } from "node:timers/promises";
import { ContainerStateError } from "../../src/base/errors.ts";
import type { StateStore } from "../../src/state/state-store.ts";
import { recordOf } from "../unit/state/record.ts";

/** What a rival keeps as a container's configuration. */
export const RIVAL_CONFIGURATION = JSON.stringify({ text: "é".repeat(5000) });

/** Makes and removes a container until the standard input ends; tells on standard output that it is at it. */
export async function actAsRival(store: StateStore, id: string): Promise<void> {
  let isTold = false;
  process.stdin.resume().once("end", () => (isTold = true));
  for (let round = 0; !isTold; round++) {
    await makeAndRemove(store, id);
    if (round === 0) writeSync(1, "ready");
    await othersTurn();
  }
  process.exit(0);
}

/**
 * Makes a container, or takes one that another has made, and removes it. Of both, another may be first.
 *
 * @throws {ContainerStateError} if the container is not whole while its lock is held
 */
export async function makeAndRemove(store: StateStore, id: string): Promise<void> {
  (await unless("CONTAINER_EXISTS", () => store.create(recordOf(id), RIVAL_CONFIGURATION)))?.release();
  const lock = await unless("CONTAINER_NOT_FOUND", () => store.lock(id));
  if (lock === undefined) return;
  try {
    store.load(id);
    store.loadConfiguration(id);
    store.remove(id);
  } finally {
    lock.release();
  }
}

/** Acts. @returns undefined if that fails with a code */
async function unless<T>(code: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ContainerStateError && error.code === code) return undefined;
    throw error;
  }
}
