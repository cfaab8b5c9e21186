import type { Leftover } from "../hcs/compute-service.ts";
import { openSystem } from "./open-container.ts";
import { removeContainer } from "./remove-container.ts";
import type { Runtime } from "./runtime.ts";

/** State can be gone when its turn comes, and then cannot be locked; a system may have been left without any. */
interface Garbage extends Leftover {
  isState?: boolean;
}

/**
 * Finds what killed calls have left behind, and removes it.
 *
 * A container that has stopped and waits for its delete is no garbage, nor is one that another call works on.
 *
 * @param dryRun only tells
 * @returns a line for each thing found
 */
export async function collectGarbage(runtime: Runtime, dryRun: boolean): Promise<string[]> {
  const found: string[] = [];
  const { compute, store } = runtime;
  const ofService = await compute.findLeftovers();
  for (const leftover of [
    ...ofService,
    ...(await store.findLeftovers()),
    ...(await lostContainers(runtime)),
  ]) {
    const removed = await removeUnused(runtime, leftover, dryRun);
    if (removed) found.push(leftover.description);
  }
  return found;
}

/** State folders that have no compute system, or whose record cannot be read. */
async function lostContainers(runtime: Runtime): Promise<Garbage[]> {
  const lost: Garbage[] = [];
  for (const id of runtime.store.list()) {
    if ((await openSystem(runtime, id)) !== undefined) continue;
    lost.push({
      systemId: id,
      isState: true,
      description: `state of container "${id}" without a compute system`,
      remove: () => removeLost(runtime, id),
    });
  }
  return lost;
}

async function removeLost(runtime: Runtime, id: string): Promise<boolean> {
  if ((await openSystem(runtime, id)) !== undefined) return false;
  await removeContainer(runtime, id, runtime.warn);
  return true;
}

/** Works under the container's lock: what was found may belong to a call that was at work then and is done now. */
async function removeUnused(runtime: Runtime, leftover: Garbage, dryRun: boolean): Promise<boolean> {
  const { systemId, isState = false } = leftover;
  const isKept = systemId !== undefined && (isState || runtime.store.has(systemId));
  const lock = isKept ? runtime.store.tryLock(systemId) : undefined;
  if (isKept && lock === undefined) return false;
  try {
    if (dryRun) return true;
    const removed = await leftover.remove();
    if (removed && isKept) await removeContainer(runtime, systemId, runtime.warn);
    return removed;
  } finally {
    lock?.release();
  }
}
