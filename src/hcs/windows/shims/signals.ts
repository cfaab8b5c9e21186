/** Signals to processes of containers, in the numbers by which operators know them. */

/** The first build of Windows that delivers signals. */
export const OS_WITH_SIGNALS = 17763;

const KILL = 9;
const TERM = 15;
const CTRL_SHUTDOWN = 6;

/** Console events by number, as Windows counts them. */
const CONSOLE_EVENTS: Readonly<Record<number, string>> = {
  0: "CtrlC",
  1: "CtrlBreak",
  2: "CtrlClose",
  5: "CtrlLogOff",
  [CTRL_SHUTDOWN]: "CtrlShutdown",
  [TERM]: "CtrlShutdown",
};

/** Signals that end a process where none can be delivered. */
export const TERMINATES: Readonly<Record<"Windows" | "Linux", ReadonlySet<number>>> = {
  Windows: new Set([KILL, TERM, CTRL_SHUTDOWN]),
  Linux: new Set([KILL, TERM]),
};

/** The document that delivers a signal; undefined if the guest knows no such signal, or it is not delivered but done. */
export function signalDocument(
  guestOs: "Windows" | "Linux",
  signal: number,
): { Signal: number | string } | undefined {
  if (guestOs === "Linux") return { Signal: signal };
  const event = CONSOLE_EVENTS[signal];
  return event === undefined ? undefined : { Signal: event };
}
