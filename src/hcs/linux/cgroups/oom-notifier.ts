/**
 * Tells when the kernel kills for want of memory in a container.
 *
 * - v1 signals an eventfd that is registered in cgroup.event_control; it also does so when the group is removed.
 * - v2 counts in memory.events, and inotify tells when that file changes.
 * - Where neither can be had, the v1 counter in memory.oom_control is read four times a second.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#oom-control
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
import { closeSync, openSync, read, watch, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Count } from "./cgroup-files.ts";
import { isPresent, parseFlatKeyed, readOptional } from "./cgroup-files.ts";
import type { CgroupPaths } from "./cgroup-paths.ts";
import { mainDirectory } from "./cgroup-paths.ts";

/** What a notifier needs of its caller. */
export interface OutOfMemoryOptions {
  /** Ends the notifier; also the only way to end one that is being waited for. */
  abort: AbortSignal;
  /** Opens an eventfd that blocks and is closed on exec; when it is absent or throws, the notifier polls. */
  openEventFd?: (() => number) | undefined;
}

const POLL_INTERVAL_MS = 250;

/** What an abort adds to an eventfd, to stand apart from the kernel's signals, which add 1 each. */
const WAKE = 1n << 32n;

/**
 * Yields once or more whenever the container runs out of memory, and ends when `abort` fires or the control group
 * is removed; on v2 already when its last process has exited. What happened before the first `next()` is not told,
 * what happened just before the abort is.
 */
export async function* watchOutOfMemory(
  paths: CgroupPaths,
  options: OutOfMemoryOptions,
): AsyncGenerator<void> {
  const { abort, openEventFd } = options;
  if (abort.aborted) return;
  const v1 = paths.controllers["memory"];
  const eventFd = v1 === undefined ? undefined : registerEventFd(v1, openEventFd);
  if (v1 !== undefined && eventFd !== undefined) yield* readEvents(v1, eventFd, abort);
  else if (v1 !== undefined) yield* countKills(v1, "memory.oom_control", abort);
  else yield* countKills(paths.unified ?? mainDirectory(paths), "memory.events", abort);
}

/** Asks the kernel to signal a new eventfd when the group is out of memory; undefined when it cannot be had. */
function registerEventFd(directory: string, openEventFd: (() => number) | undefined): number | undefined {
  let eventFd: number | undefined;
  try {
    eventFd = openEventFd?.();
    if (eventFd !== undefined) writeEventControl(directory, eventFd);
    return eventFd;
  } catch {
    if (eventFd !== undefined) closeSync(eventFd);
    return undefined;
  }
}

function writeEventControl(directory: string, eventFd: number): void {
  const watched = openSync(join(directory, "memory.oom_control"), "r");
  try {
    writeFileSync(join(directory, "cgroup.event_control"), `${eventFd} ${watched}`);
  } finally {
    closeSync(watched);
  }
}

/** Owns `eventFd`. */
async function* readEvents(directory: string, eventFd: number, abort: AbortSignal): AsyncGenerator<void> {
  // A thread of the pool blocks in read(2). Only a signal of our own frees it, and Node joins it before it exits.
  const wake = () => writeSync(eventFd, BigUint64Array.of(WAKE));
  abort.addEventListener("abort", wake);
  process.on("exit", wake);
  try {
    let isEnded = false;
    while (!isEnded) {
      const count = await readEventCount(eventFd);
      const isRemoved = !isPresent(directory);
      isEnded = isRemoved || count >= WAKE;
      // The removal itself is one signal; any beyond that came from a kill just before it.
      if (count % WAKE > (isRemoved ? 1n : 0n)) yield;
    }
  } finally {
    process.off("exit", wake);
    abort.removeEventListener("abort", wake);
    closeSync(eventFd);
  }
}

/** Takes the number of signals since the last time; waits until there is one. */
async function readEventCount(eventFd: number): Promise<bigint> {
  const { buffer } = await promisify(read)(eventFd, new BigUint64Array(1), 0, 8, null);
  return buffer[0] ?? 0n;
}

/** Compares the kernel's own count of kills whenever something may have changed. */
async function* countKills(directory: string, file: string, abort: AbortSignal): AsyncGenerator<void> {
  const stop = new AbortController();
  let notify = () => {};
  const changed = () => notify();
  const end = () => stop.abort();
  abort.addEventListener("abort", end);
  stop.signal.addEventListener("abort", changed);
  notifyOfChanges(file === "memory.events" ? directory : undefined, changed, stop.signal);
  try {
    let seen: Count | undefined;
    let isEnded = false;
    while (!isEnded) {
      // Listening starts before reading, so that no change falls between the two.
      const change = new Promise<void>((resolve) => (notify = resolve));
      isEnded = stop.signal.aborted;
      const kills = readKills(directory, file);
      if (kills !== undefined && seen !== undefined && kills > seen) yield;
      if (kills === undefined || isEmptied(directory)) return;
      seen = kills;
      if (!isEnded) await change;
    }
  } finally {
    abort.removeEventListener("abort", end);
    stop.abort();
  }
}

/**
 * Calls `changed` when a file of the v2 group `directory` changes, which the kernel tells only for v2; without one
 * it calls again and again.
 */
function notifyOfChanges(directory: string | undefined, changed: () => void, stop: AbortSignal): void {
  const poll = () => {
    if (stop.aborted) return;
    const timer = setInterval(changed, POLL_INTERVAL_MS);
    stop.addEventListener("abort", () => clearInterval(timer));
  };
  if (directory === undefined) return poll();
  try {
    watch(directory, { signal: stop }, changed).on("error", poll);
  } catch {
    poll(); // The host's inotify watches are used up, or the group is gone.
  }
}

/** Undefined when the group has been removed. */
function readKills(directory: string, file: string): Count | undefined {
  const text = readOptional(directory, file);
  if (text === undefined && !isPresent(directory)) return undefined;
  return parseFlatKeyed(text ?? "").get("oom_kill") ?? 0;
}

/** Whether a v2 group has no process left; inotify does not tell its removal, but that comes before. */
function isEmptied(directory: string): boolean {
  return parseFlatKeyed(readOptional(directory, "cgroup.events") ?? "").get("populated") === 0;
}
