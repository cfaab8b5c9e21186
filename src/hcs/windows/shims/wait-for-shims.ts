import { setTimeout as sleep } from "node:timers/promises";
import type { ShimRecords, SystemRecord } from "./shim-records.ts";

const POLL_MS = 10;
/** Milliseconds in which shims have to end by themselves once their system has. */
const GRACE_MS = 10_000;

/** Waits until the shims of a system that has ended are gone, and ends those that do not go. */
export async function waitForShims(records: ShimRecords, id: string, record: SystemRecord): Promise<void> {
  const deadline = Date.now() + GRACE_MS;
  const shim = records.shim(id) ?? 0;
  while (records.isAlive(record) && Date.now() < deadline) await sleep(POLL_MS);
  if (shim !== 0 && records.isAlive(record)) end(shim);
  // Each takes its value back when it ends; a killed one cannot.
  while (records.execShims(id).some(isRunning) && Date.now() < deadline) await sleep(POLL_MS);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself at last.
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
