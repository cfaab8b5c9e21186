import { closeSync, writeFileSync } from "node:fs";
import { errnoCode, RuntimeError } from "../base/errors.ts";
import { openLog } from "../base/files.ts";
import { isTerminal, writeText } from "./print.ts";

/** Where a failure is reported beside standard error, from --log and --log-format. */
export interface FailureLog {
  path?: string | undefined;
  format: string;
}

/** How long each phase took, in milliseconds, by name. */
export type Phases = Record<string, number>;

/** Reports a failure: one line on standard error, a hint behind it on a terminal, one record in the log. */
export async function reportFailure(error: unknown, log: FailureLog, phases?: Phases): Promise<void> {
  const message = failureMessage(error);
  const unlogged = writeLog(log, "error", message, phases);
  if (error instanceof RuntimeError && error.alreadyPrinted) return;
  const isKnown = error instanceof RuntimeError || errnoCode(error) !== undefined;
  const text = isKnown || !(error instanceof Error) ? message : (error.stack ?? message);
  writeText(2, `${[text, ...unlogged].join("; ")}\n`);
  if (error instanceof RuntimeError && error.hint !== undefined && (await isTerminal(2))) {
    writeText(2, `hint: ${error.hint}\n`);
  }
}

/** Reports the time of each phase, for --debug. */
export function reportPhases(log: FailureLog, phases: Phases): void {
  const text = Object.entries(phases).map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`);
  if (log.path === undefined) writeText(2, `debug: ${text.join(", ")}\n`);
  else writeLog(log, "debug", text.join(", "), phases);
}

/** A failure in one line: what failed, and what the clean-up after it could not do. */
export function failureMessage(error: unknown): string {
  const first = error instanceof Error ? error.message : String(error);
  const suppressed = error instanceof RuntimeError ? error.suppressed : [];
  const all = [first, ...suppressed.map((later) => `the clean-up failed too: ${failureMessage(later)}`)];
  return all.join("; ").replaceAll(/\s*\n\s*/g, "; ");
}

/**
 * Engines read the file as one JSON object, so it gets one record a call.
 *
 * @returns why the log could not be written, which is no failure of its own
 */
function writeLog(log: FailureLog, level: string, msg: string, phases?: Phases): string[] {
  if (log.path === undefined || log.path === "") return [];
  const time = new Date().toISOString();
  const record =
    log.format === "json"
      ? JSON.stringify({ level, msg, time, ...(phases === undefined ? {} : { phases }) })
      : `time="${time}" level=${level} msg=${JSON.stringify(msg)}`;
  try {
    const fd = openLog(log.path);
    try {
      writeFileSync(fd, `${record}\n`);
    } finally {
      closeSync(fd);
    }
    return [];
  } catch (error) {
    return [`the log "${log.path}" cannot be written: ${failureMessage(error)}`];
  }
}
