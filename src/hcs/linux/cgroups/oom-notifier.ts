/**
 * Tells when the kernel kills for want of memory in a container.
 *
 * - v1 signals an eventfd that is registered in cgroup.event_control; it also does so when the group is removed.
 * - v2 counts in memory.events, and inotify tells when that file changes.
 * - Where neither can be had, the counter is read four times a second; so it is on every machine that has a kernel of
 *   its own, because an eventfd and inotify belong to the kernel that this process runs on.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#oom-control
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
import { closeSync, openSync, read, watch, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Machine, MachineFiles } from "../machine.ts";
import type { ControlGroup, Count } from "./cgroup-files.ts";
import { isPresent, parseFlatKeyed, readOptional } from "./cgroup-files.ts";
import type { CgroupPaths } from "./cgroup-paths.ts";
import { mainDirectory } from "./cgroup-paths.ts";

/** What the notifier needs of a machine; `openEventFd` gives one that blocks and is closed on exec, or throws. */
export type WatchedMachine = MachineFiles & Pick<Machine, "openEventFd">;

const POLL_INTERVAL_MS = 250;

/** What an abort adds to an eventfd, to stand apart from the kernel's signals, which add 1 each. */
const WAKE = 1n << 32n;

/**
 * Yields once or more whenever the container runs out of memory, and ends when `abort` fires or the control group
 * is removed; on v2 already when its last process has exited. What happened before the first `next()` is not told,
 * what happened just before the abort is.
 */
export async function* watchOutOfMemory(
  machine: WatchedMachine,
  paths: CgroupPaths,
  abort: AbortSignal,
): AsyncGenerator<void> {
  if (abort.aborted) return;
  const v1 = paths.controllers["memory"];
  const group = { machine, directory: v1 ?? paths.unified ?? mainDirectory(paths) };
  const eventFd = v1 === undefined ? undefined : registerEventFd(machine, v1);
  if (eventFd !== undefined) yield* readEvents(group, eventFd, abort);
  else if (v1 !== undefined) yield* countKills({ group, file: "memory.oom_control", abort });
  else {
    const tells = machine.openEventFd === undefined ? undefined : group.directory;
    yield* countKills({ group, file: "memory.events", tells, abort });
  }
}

/** Asks the kernel to signal a new eventfd when the group is out of memory; undefined when it cannot be had. */
function registerEventFd(machine: WatchedMachine, directory: string): number | undefined {
  let eventFd: number | undefined;
  try {
    eventFd = machine.openEventFd?.();
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
async function* readEvents(group: ControlGroup, eventFd: number, abort: AbortSignal): AsyncGenerator<void> {
  // A thread of the pool blocks in read(2). Only a signal of our own frees it, and Node joins it before it exits.
  const wake = () => writeSync(eventFd, BigUint64Array.of(WAKE));
  abort.addEventListener("abort", wake);
  process.on("exit", wake);
  try {
    let isEnded = false;
    while (!isEnded) {
      const count = await readEventCount(eventFd);
      const isRemoved = !(await isPresent(group));
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

/** Where kills are counted. */
interface KillCount {
  group: ControlGroup;
  file: string;
  /** The folder of which inotify tells changes; without one the file is read again and again. */
  tells?: string | undefined;
  abort: AbortSignal;
}

/** Compares the kernel's own count of kills whenever something may have changed. */
async function* countKills({ group, file, tells, abort }: KillCount): AsyncGenerator<void> {
  const stop = new AbortController();
  let notify = () => {};
  const changed = () => notify();
  const end = () => stop.abort();
  abort.addEventListener("abort", end);
  stop.signal.addEventListener("abort", changed);
  notifyOfChanges(tells, changed, stop.signal);
  try {
    let seen: Count | undefined;
    let isEnded = false;
    while (!isEnded) {
      // Listening starts before reading, so that no change falls between the two.
      const change = new Promise<void>((resolve) => (notify = resolve));
      isEnded = stop.signal.aborted;
      const kills = await readKills(group, file);
      if (kills !== undefined && seen !== undefined && kills > seen) yield;
      if (kills === undefined || (await isEmptied(group))) return;
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
async function readKills(group: ControlGroup, file: string): Promise<Count | undefined> {
  const text = await readOptional(group, file);
  if (text === undefined && !(await isPresent(group))) return undefined;
  return parseFlatKeyed(text ?? "").get("oom_kill") ?? 0;
}

/** Whether a v2 group has no process left; inotify does not tell its removal, but that comes before. */
async function isEmptied(group: ControlGroup): Promise<boolean> {
  return parseFlatKeyed((await readOptional(group, "cgroup.events")) ?? "").get("populated") === 0;
}
