/** What the user of this process's console asks for, and how it reaches a process of a container. */
import { PlatformError } from "../../../base/errors.ts";
import type { ComputeProcess } from "../../compute-service.ts";

/** Console events by the names that Node has for them. */
const EVENTS = ["SIGINT", "SIGBREAK", "SIGHUP"] as const;
type ConsoleEvent = (typeof EVENTS)[number];

/** The signals that they become: Ctrl-C, Ctrl-Break, and the end of the console. */
const SIGNALS: Readonly<Record<"Windows" | "Linux", Readonly<Record<ConsoleEvent, number>>>> = {
  Windows: { SIGINT: 0, SIGBREAK: 1, SIGHUP: 2 },
  Linux: { SIGINT: 2, SIGBREAK: 15, SIGHUP: 1 },
};
const KILL = 9;

/** Gets a console event. */
export type OnConsoleEvent = (event: ConsoleEvent) => void;

/** Waits while console events go to `onEvent`, instead of ending this process. */
export async function withConsoleEvents<T>(onEvent: OnConsoleEvent, wait: Promise<T>): Promise<T> {
  for (const event of EVENTS) process.on(event, onEvent);
  try {
    return await wait;
  } finally {
    for (const event of EVENTS) process.off(event, onEvent);
  }
}

/**
 * Sends console events to a process of a container that has no console itself. Where it cannot be told of them, they
 * end it. One that has ended needs no event any more.
 *
 * @param open finds the process when an event comes
 */
export function sendConsoleEvents(
  guestOs: "Windows" | "Linux",
  open: () => Promise<Pick<ComputeProcess, "signal">>,
): OnConsoleEvent {
  const send = async (event: ConsoleEvent): Promise<void> => {
    const process = await open();
    try {
      await process.signal({ Signal: SIGNALS[guestOs][event] });
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      await process.signal({ Signal: KILL });
    }
  };
  return (event) => void send(event).catch(() => undefined);
}

/** A console in raw mode sends what is typed as input; what it sends beside that is the shim's to deal with. */
export const ignoreConsoleEvents: OnConsoleEvent = () => undefined;
