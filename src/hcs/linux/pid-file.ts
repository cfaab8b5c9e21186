/**
 * The caller's pid file, made from the executor's. The executor's is on the machine; the caller's is on the host,
 * whatever the machine, and so is written without it.
 */
import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { PlatformError } from "../../base/errors.ts";
import { writeFileAtomically } from "../../base/files.ts";
import type { Machine } from "./machine.ts";

/** How often an executor's pid file is looked for while it waits for its process. */
const POLL_MS = 5;

/**
 * Reads the pid that an executor wrote; the executor itself never gets the caller's path, because it would
 * follow a symbolic link there.
 *
 * @returns undefined if none was written (yet)
 */
export async function readPid(machine: Machine, path: string): Promise<number | undefined> {
  const pid = Number(await machine.readText(path));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/** Writes the caller's pid file, whole. @throws {PlatformError} STATE_IO */
export function writePidFile(path: string | undefined, pid: number | undefined): void {
  if (path === undefined || pid === undefined) return;
  try {
    writeFileAtomically(path, String(pid), 0o644);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Requires that the caller's pid file can be made; asked before a process is, which else would have to be killed.
 *
 * @throws {PlatformError} STATE_IO
 */
export function requirePidFile(path: string | undefined): void {
  if (path === undefined) return;
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, cause: unknown): PlatformError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PlatformError("STATE_IO", `Cannot write the pid file "${path}": ${reason}`, { cause });
}

/**
 * Writes the caller's pid file as soon as there is a pid.
 *
 * @returns ends the watch; of a process that was faster than the watch it writes the pid all the same
 * @throws {PlatformError} STATE_IO, from the function returned
 */
export function watchPid(machine: Machine, from: string, to: string | undefined): () => Promise<void> {
  if (to === undefined) return async () => {};
  let isEnded = false;
  let wake = (): void => {};
  const timer = setInterval(() => wake(), POLL_MS);
  const watch = async (): Promise<void> => {
    for (let pid: number | undefined, isLast = false; pid === undefined && !isLast;) {
      await new Promise<void>((resolve) => (wake = resolve));
      isLast = isEnded;
      pid = await readPid(machine, from);
      writePidFile(to, pid);
    }
  };
  const watched = watch().finally(() => clearInterval(timer));
  watched.catch(() => {}); // Told at the end.
  return async () => {
    isEnded = true;
    wake();
    await watched;
  };
}
