/** The caller's pid file, made from the executor's. */
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlatformError("STATE_IO", `Cannot write the pid file "${path}": ${reason}`, { cause: error });
  }
}

/** Writes the caller's pid file as soon as there is a pid. @returns ends the watch */
export function watchPid(machine: Machine, from: string, to: string | undefined): () => void {
  if (to === undefined) return () => {};
  const timer = setInterval(() => {
    const pid = readPid(machine, from);
    if (pid === undefined) return;
    clearInterval(timer);
    writePidFile(to, pid);
  }, POLL_MS);
  return () => clearInterval(timer);
}
