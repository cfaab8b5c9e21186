/**
 * Turns an executor's words into errors of ours.
 *
 * Engines read meaning out of runc's wording (127 for a missing program, 126 for one that may not be run, "no
 * such process"), so crun's wording for the same fault is put into runc's.
 */
import { ProcessError, ToolError, type RuntimeError } from "../../base/errors.ts";
import { ComputeError, HcsResult } from "../results.ts";
import type { ExecutorName } from "./executor.ts";

/** What is known of a failed call. */
export interface FailedCall {
  id: string;
  executor: ExecutorName;
  call: { words: readonly string[]; ownStreams?: boolean };
  code: number;
  /** The executor's JSON log, one object a line. */
  log: string;
}

/** The executor's last error, as an error of ours. */
export function executorFailure(failed: FailedCall): RuntimeError {
  const words = lastError(failed.log) ?? `${failed.executor} ended with code ${failed.code} and said nothing`;
  const error =
    processFailure(failed.id, words) ?? systemFailure(failed, words) ?? toolFailure(failed, words);
  // The executor has the caller's stderr and writes its error there itself.
  error.alreadyPrinted = failed.call.ownStreams === true && failed.log !== "";
  return error;
}

/** The message of the last line whose level is error. */
export function lastError(log: string): string | undefined {
  for (const line of log.trim().split("\n").toReversed()) {
    try {
      const entry = JSON.parse(line) as { level?: unknown; msg?: unknown };
      if (entry.level === "error" && typeof entry.msg === "string") return entry.msg.trim();
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Faults of the program to run: crun's words on the left, the words engines look for on the right. */
const PROGRAM_FAULTS: readonly [RegExp, string][] = [
  [/^executable file `(?<program>[^`]*)` not found/, "executable file not found in $PATH"],
  [/^open executable: No such file or directory/, "no such file or directory"],
  [/^open executable: (?:Permission denied|Operation not permitted)/, "permission denied"],
  [/^open executable: Not a directory/, "not a directory"],
  [/^exec(?:vp?)?e?:? .*No such file or directory/, "no such file or directory"],
];

function processFailure(id: string, words: string): ProcessError | undefined {
  const runc = /unable to start container process: .*?(?<fault>exec: .*)$/.exec(words)?.groups?.["fault"];
  const start = `Cannot run container "${id}": unable to start container process:`;
  if (runc !== undefined) return new ProcessError(`${start} ${runc}`);
  for (const [pattern, fault] of PROGRAM_FAULTS) {
    const match = pattern.exec(words);
    if (match === null) continue;
    const program = match.groups?.["program"];
    return new ProcessError(`${start} exec: ${program === undefined ? "" : `"${program}": `}${fault}`);
  }
  return undefined;
}

/** What an executor says of a container's existence or status: the pattern, the result, and our words for it. */
const SYSTEM_FAULTS: readonly [RegExp, number, (operation: string, id: string) => string][] = [
  [
    /^error opening file `[^`]*\/status`|\bcontainer(?: `[^`]*`)? does not exist/,
    HcsResult.SYSTEM_NOT_FOUND,
    (_, id) => `container "${id}" does not exist`,
  ],
  [
    /^container.* already exists/,
    HcsResult.SYSTEM_ALREADY_EXISTS,
    (_, id) => `container with given ID already exists: "${id}"`,
  ],
  [
    /not running|no such process|already finished|process not found/i,
    HcsResult.PROCESS_ALREADY_STOPPED,
    (operation, id) => `Cannot ${operation} container "${id}": container not running`,
  ],
];

function systemFailure({ id, call }: FailedCall, words: string): ComputeError | undefined {
  // What a hook has said is quoted, and says nothing of this container.
  if (/\berror (?:running|executing) (?:\w+ )?hook\b/.test(words)) return undefined;
  const operation = call.words[0] ?? "call";
  for (const [pattern, hresult, say] of SYSTEM_FAULTS) {
    if (pattern.test(words)) {
      return new ComputeError({ hresult, operation, systemId: id, message: say(operation, id) });
    }
  }
  return undefined;
}

function toolFailure(failed: FailedCall, words: string): ToolError {
  const operation = failed.call.words[0] ?? "call";
  const oneLine = words.replaceAll(/\s*\n\s*/g, "; ");
  return new ToolError(`Cannot ${operation} container "${failed.id}": ${oneLine}`, words);
}
