import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 10;

/** Waits until something holds. @param ms how long at most @returns whether it does by then */
export async function eventually(holds: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  for (;;) {
    if (await holds()) return true;
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
}
