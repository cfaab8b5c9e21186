import { eventually } from "../eventually.ts";
import type { ShimRecords } from "./shim-records.ts";

/** Milliseconds in which shims have to end by themselves once their system has. */
const GRACE_MS = 10_000;

/** Waits until the shims of a system that has ended are gone, and ends those that do not go. */
export async function waitForShims(records: ShimRecords, id: string): Promise<void> {
  const deadline = Date.now() + GRACE_MS;
  const record = records.find(id);
  const shim = records.shim(id) ?? 0;
  // Without its record a shim is known by a pid alone, which may be another program's by now: it is awaited, not ended.
  const isAlive = (): boolean =>
    record === undefined ? records.shim(id) === shim && isRunning(shim) : records.isAlive(record);
  await eventually(() => !isAlive(), GRACE_MS);
  if (record !== undefined && shim !== 0 && isAlive()) end(shim);
  // Each takes its value back when it ends; a killed one cannot.
  await eventually(() => !records.execShims(id).some(isRunning), deadline - Date.now());
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
    return pid !== 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
