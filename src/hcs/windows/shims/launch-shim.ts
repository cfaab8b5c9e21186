import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync } from "node:fs";
import type { Readable } from "node:stream";
import { ProcessError } from "../../../base/errors.ts";
import { openLog, writeFileAtomically } from "../../../base/files.ts";
import { withDeadline } from "../deadline.ts";
import type { Subject } from "../result-document.ts";
import { withConsoleEvents, type OnConsoleEvent } from "./console-events.ts";
import { readResult } from "./result-protocol.ts";
import { RESULT } from "./shim-side.ts";
import { toldFailure } from "./told-failure.ts";

/**
 * Worker threads of a shim. Reading a console, a file or a device, and every call of the service, take one for as long
 * as they last, and libuv has four. Windows gives the number only to a new process: libuv does not see what a process
 * changes in its own environment.
 */
const SHIM_THREADS = 16;

/** How this program is started again. */
export interface Program {
  /** Its file, and what comes before the name of a command: a script, global flags. */
  words: readonly string[];
}

/** A process of this program that is to stay behind. */
export interface ShimRequest {
  /** Name of the command and its arguments. */
  words: readonly string[];
  /** What it reads from its own standard input. */
  data: string;
  /** Whether it gets the caller's standard streams, as descriptors 4 to 6. */
  inheritsStreams: boolean;
  /** Whether it outlives the caller, whatever happens to that. It has no console then. */
  detached: boolean;
  /** File or named pipe for its standard error. */
  log: string | undefined;
  subject: Subject;
  /** Milliseconds. */
  timeout: number;
}

/** A process that has said that it works. */
export interface LaunchedShim {
  pid: number;
  /** Waits for its end, while console events go to `onEvent`. @returns its exit code, 32 bits unsigned */
  wait(onEvent: OnConsoleEvent): Promise<number>;
}

/**
 * Starts this program again and waits until the new process says that it works.
 *
 * @throws {ProcessError} with the text that it sends
 * @throws {ComputeError} isTimeout
 */
export async function launchShim(
  { words: [file = "", ...first] }: Program,
  request: ShimRequest,
): Promise<LaunchedShim> {
  const log = request.log === undefined ? undefined : openLog(request.log);
  const streams = request.inheritsStreams ? [0, 1, 2] : [];
  const stdio: StdioOptions = ["pipe", "ignore", log ?? "ignore", "pipe", ...streams];
  const child = spawn(file, [...first, ...request.words], {
    stdio,
    detached: request.detached,
    windowsHide: true,
    env: { UV_THREADPOOL_SIZE: String(SHIM_THREADS), ...process.env },
  });
  if (log !== undefined) closeSync(log);
  const exit = exitOf(child);
  try {
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(request.data);
    await withDeadline(requireSuccess(child, exit), { ms: request.timeout, subject: request.subject });
  } catch (error) {
    child.kill();
    throw error;
  }
  child.unref();
  return {
    pid: child.pid ?? 0,
    wait: (onEvent) => follow(child, exit, onEvent),
  };
}

/** Writes the pid of a shim for the caller. @throws {ProcessError} */
export function writePidFile(path: string | undefined, pid: number): void {
  if (path === undefined) return;
  try {
    writeFileAtomically(path, String(pid), 0o644);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProcessError(`Cannot write the pid file "${path}": ${reason}`, { cause });
  }
}

/** The failure of a wait for a process whose shim was killed, or failed itself. @param what has the process */
export function lostExitCode(what: string): ProcessError {
  return new ProcessError(`Cannot tell the exit code of ${what}: its shim was killed, or lost the service`);
}

async function requireSuccess(child: ChildProcess, exit: Promise<number>): Promise<void> {
  const failure = await Promise.race([readResult(child.stdio[RESULT] as Readable), rejectionOf(exit)]);
  if (failure === undefined) return;
  if (failure !== "") throw toldFailure(failure, "PROCESS_FAILED");
  throw new ProcessError(`Cannot start a shim: unknown shim failure, exit code ${await exit}`);
}

/** Fails as soon as the process could not be started; its end alone is no answer. */
async function rejectionOf(exit: Promise<number>): Promise<never> {
  await exit;
  return new Promise(() => undefined);
}

function exitOf(child: ChildProcess): Promise<number> {
  const exit = new Promise<number>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new ProcessError(`Cannot start a shim: ${cause.message}`, { cause })),
    );
    child.once("exit", (code) => resolve((code ?? 1) >>> 0));
  });
  exit.catch(() => undefined);
  return exit;
}

/** The process of this program waits as long as the shim works. */
function follow(child: ChildProcess, exit: Promise<number>, onEvent: OnConsoleEvent): Promise<number> {
  child.ref();
  return withConsoleEvents(onEvent, exit);
}
