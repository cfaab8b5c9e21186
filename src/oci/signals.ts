import { UsageError } from "../base/errors.ts";

const TERM = 15;
const HIGHEST = 64;
const FIRST_REALTIME = 34;

/** Signals of Linux on every architecture that it shares with x86, with their second names. */
const SIGNALS = new Map([
  ["HUP", 1],
  ["INT", 2],
  ["QUIT", 3],
  ["ILL", 4],
  ["TRAP", 5],
  ["ABRT", 6],
  ["IOT", 6],
  ["BUS", 7],
  ["FPE", 8],
  ["KILL", 9],
  ["USR1", 10],
  ["SEGV", 11],
  ["USR2", 12],
  ["PIPE", 13],
  ["ALRM", 14],
  ["TERM", TERM],
  ["STKFLT", 16],
  ["CHLD", 17],
  ["CLD", 17],
  ["CONT", 18],
  ["STOP", 19],
  ["TSTP", 20],
  ["TTIN", 21],
  ["TTOU", 22],
  ["URG", 23],
  ["XCPU", 24],
  ["XFSZ", 25],
  ["VTALRM", 26],
  ["PROF", 27],
  ["WINCH", 28],
  ["IO", 29],
  ["POLL", 29],
  ["PWR", 30],
  ["SYS", 31],
  ["UNUSED", 31],
  ["RTMIN", FIRST_REALTIME],
  ["RTMAX", HIGHEST],
]);

/**
 * Reads a signal as people and engines write it: `15`, `TERM`, `sigterm`, `RTMIN+3`.
 *
 * Signal 0 only asks whether the process exists. No text means SIGTERM.
 *
 * @returns the number of the signal on Linux, 0 to 64
 * @throws {UsageError} with the phrase `unknown signal` that engines know
 * @see https://man7.org/linux/man-pages/man7/signal.7.html
 */
export function parseSignal(text: string | undefined): number {
  if (text === undefined || text === "") return TERM;
  const signal = /^\d+$/.test(text) ? Number(text) : namedSignal(text.toUpperCase().replace(/^SIG/, ""));
  if (signal === undefined || signal > HIGHEST) {
    throw new UsageError(`Cannot read the signal: unknown signal ${JSON.stringify(text)}`, {
      hint: "Give a name such as TERM or a number from 0 to 64.",
    });
  }
  return signal;
}

function namedSignal(name: string): number | undefined {
  const realtime = /^(?:RTMIN\+|RTMAX-)(\d{1,2})$/.exec(name);
  if (realtime === null) return SIGNALS.get(name);
  const distance = Number(realtime[1]);
  if (distance > HIGHEST - FIRST_REALTIME) return undefined;
  return name.startsWith("RTMIN") ? FIRST_REALTIME + distance : HIGHEST - distance;
}
