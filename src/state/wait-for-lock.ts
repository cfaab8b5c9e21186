import type { ContainerLock } from "./state-store.ts";
import { busyContainer } from "./state-faults.ts";

const LOCK_POLL_MS = 5;
const LOCK_TIMEOUT_MS = 30_000;

/**
 * Takes a container's lock, and waits for it as long as another call may need.
 *
 * @param tryLock @throws whatever ends the wait
 * @throws {ContainerStateError} CONTAINER_BUSY
 */
export async function waitForLock(
  id: string,
  tryLock: () => ContainerLock | undefined,
): Promise<ContainerLock> {
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const lock = tryLock();
    if (lock !== undefined) return lock;
    if (Date.now() > deadline) throw busyContainer(id, LOCK_TIMEOUT_MS);
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}
