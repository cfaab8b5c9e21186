import { UsageError } from "../base/errors.ts";

const CTRL_SHUTDOWN = 6;

/** What a Windows container can be sent: console events, and the two signals that every engine sends. */
const SIGNALS = new Map([
  ["CTRLC", 0],
  ["CTRLBREAK", 1],
  ["CTRLCLOSE", 2],
  ["CTRLLOGOFF", 5],
  ["CTRLSHUTDOWN", CTRL_SHUTDOWN],
  ["KILL", 9],
  ["TERM", 15],
]);

/**
 * Reads a signal for a Windows container: a name, in any case and with or without SIG, or a number. No text means
 * CTRLSHUTDOWN.
 *
 * @throws {UsageError} with the phrase `unknown signal` that engines know
 */
export function parseWindowsSignal(text: string): number {
  if (text === "") return CTRL_SHUTDOWN;
  const isNumber = /^\d+$/.test(text);
  const signal = isNumber ? Number(text) : SIGNALS.get(text.toUpperCase().replace(/^SIG/, ""));
  if (signal !== undefined && [...SIGNALS.values()].includes(signal)) return signal;
  throw new UsageError(
    `Cannot read the signal: unknown signal ${JSON.stringify(text)}, invalid signal value for a Windows container`,
    { hint: "Give CTRLC, CTRLBREAK, CTRLCLOSE, CTRLLOGOFF, CTRLSHUTDOWN, TERM or KILL." },
  );
}
