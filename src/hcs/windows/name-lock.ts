/**
 * Locks by name, for all processes of the host.
 *
 * A lock is a pipe that exists once: who makes it holds the lock, and Windows removes it with its last handle, also
 * when the process is killed. Unlike a mutex it belongs to no thread, and unlike a file it leaves nothing behind. Its
 * prefix lets only administrators make it, so nobody else can keep a lock from them.
 */
import { createHash } from "node:crypto";
import type { KeyLock } from "../key-store.ts";
import { administratorsOnly } from "./administrators-only.ts";
import type { Bindings } from "./bindings/open-bindings.ts";
import { systemFailure } from "./system-failure.ts";

const PREFIX = "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\runhcs-lock-";
const PIPE_ACCESS_INBOUND = 1;
const PIPE_REJECT_REMOTE_CLIENTS = 8;
const ERROR_FILE_NOT_FOUND = 2;
const ERROR_PIPE_BUSY = 231;
/** Milliseconds to wait for a pipe that serves somebody else; an absent one is told at once. */
const SHORTEST_WAIT = 1;

/**
 * Takes a lock without waiting.
 *
 * @param name upper and lower case are the same
 * @returns undefined if somebody holds it, also if that is this process
 * @throws {ComputeError} isAccessDenied if this process does not run as administrator
 */
export function tryLockName(bindings: Bindings, name: string): KeyLock | undefined {
  const { kernel32 } = bindings.direct;
  const { handle, lastError } = administratorsOnly(bindings, (attributes) =>
    kernel32.CreateNamedPipeW(
      pipeOf(name),
      PIPE_ACCESS_INBOUND,
      PIPE_REJECT_REMOTE_CLIENTS,
      1,
      0,
      0,
      0,
      attributes,
    ),
  );
  if (handle !== null) return { release: () => void kernel32.CloseHandle(handle) };
  if (lastError === ERROR_PIPE_BUSY) return undefined;
  throw systemFailure(`lock "${name}"`, lastError);
}

/** Tells whether somebody holds a lock, also if that is this process. Upper and lower case are the same. */
export function isNameLocked({ direct }: Bindings, name: string): boolean {
  const { value, lastError } = direct.kernel32.WaitNamedPipeW(pipeOf(name), SHORTEST_WAIT);
  return value !== 0 || lastError !== ERROR_FILE_NOT_FOUND;
}

function pipeOf(name: string): string {
  return PREFIX + createHash("sha256").update(name.toLowerCase()).digest("hex").slice(0, 32);
}
