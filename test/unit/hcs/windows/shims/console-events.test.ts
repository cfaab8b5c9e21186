import { describe, expect, test } from "vitest";
import { PlatformError } from "../../../../../src/base/errors.ts";
import {
  ignoreConsoleEvents,
  sendConsoleEvents,
  withConsoleEvents,
} from "../../../../../src/hcs/windows/shims/console-events.ts";

const EVENTS = ["SIGINT", "SIGBREAK", "SIGHUP"] as const;

/** What a process is sent when each event comes once; it refuses what `refuse` says. */
async function sent(guestOs: "Windows" | "Linux", refuse: (signal: number) => unknown): Promise<number[]> {
  const signals: number[] = [];
  const signal = async ({ Signal }: { Signal: number }): Promise<void> => {
    signals.push(Signal);
    const refusal = refuse(Signal);
    if (refusal !== undefined) throw refusal;
  };
  const onEvent = sendConsoleEvents(guestOs, async () => ({ signal }));
  const wait = new Promise((resolve) => setTimeout(resolve, 50));
  const end = withConsoleEvents(onEvent, wait);
  for (const event of EVENTS) process.emit(event, event);
  await end;
  return signals.toSorted((a, b) => a - b);
}

describe("events of the console", () => {
  test("go to the process as the signals of its system", async () => {
    expect(await sent("Windows", () => undefined)).toEqual([0, 1, 2]);
    expect(await sent("Linux", () => undefined)).toEqual([1, 2, 15]);
  });

  test("end a process that cannot be told of them", async () => {
    const refusal = new PlatformError("PLATFORM_UNSUPPORTED", "no such signal");
    expect(await sent("Windows", (signal) => (signal === 9 ? undefined : refusal))).toEqual([
      0, 1, 2, 9, 9, 9,
    ]);
  });

  test("are lost if the process has ended", async () => {
    expect(await sent("Windows", () => new Error("it has ended"))).toEqual([0, 1, 2]);
  });

  test("do not end this process while it waits, and are its own again afterwards", async () => {
    const before = EVENTS.map((event) => process.listenerCount(event));
    const counts = () => EVENTS.map((event) => process.listenerCount(event));
    let during: number[] = [];
    const wait = new Promise<number>((resolve) =>
      setImmediate(() => {
        during = counts();
        resolve(7);
      }),
    );
    expect(await withConsoleEvents(ignoreConsoleEvents, wait)).toBe(7);
    expect(during).toEqual(before.map((count) => count + 1));
    await expect(withConsoleEvents(ignoreConsoleEvents, Promise.reject(new Error("x")))).rejects.toThrow("x");
    expect(counts()).toEqual(before);
  });
});
