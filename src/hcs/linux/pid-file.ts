/** The caller's pid file, made from the executor's. */
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
export function readPid(machine: Machine, path: string): number | undefined {
  const pid = Number(machine.readText(path));
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
export function watchPid(machine: Machine, from: string, to: string | undefined): () => void {
  if (to === undefined) return () => {};
  let isWritten = false;
  let failure: unknown;
  const write = (): void => {
    const pid = isWritten ? undefined : readPid(machine, from);
    if (pid === undefined) return;
    isWritten = true;
    clearInterval(timer);
    try {
      writePidFile(to, pid);
    } catch (error) {
      failure = error;
    }
  };
  const timer = setInterval(write, POLL_MS);
  return () => {
    write();
    clearInterval(timer);
    if (failure !== undefined) throw failure;
  };
}
