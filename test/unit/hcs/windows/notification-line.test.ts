import { describe, expect, test } from "vitest";
import { NotificationLine } from "../../../../src/hcs/windows/notification-line.ts";
import {
  NotificationType,
  notificationName,
  type HcsNotification,
} from "../../../../src/hcs/windows/notification-types.ts";

function notification(type: number, data: string | null = null): HcsNotification {
  return { type, status: 0, data };
}

async function readAll(line: NotificationLine, abort = new AbortController()): Promise<(string | null)[]> {
  const found: (string | null)[] = [];
  for await (const { data } of line.read(abort.signal)) found.push(data);
  return found;
}

describe("who expects a type", () => {
  test("gets the next of it, and only that", async () => {
    const line = new NotificationLine();
    const { arrival } = line.expect(2);
    line.push(notification(3));
    line.push(notification(2, "first"));
    line.push(notification(2, "second"));
    expect((await arrival).data).toBe("first");
  });

  test("gets nothing that came before", async () => {
    const line = new NotificationLine();
    line.push(notification(2, "early"));
    const { arrival } = line.expect(2);
    line.push(notification(2, "late"));
    expect((await arrival).data).toBe("late");
  });

  test("gets the reason when the line ends, before or after", async () => {
    const line = new NotificationLine();
    const before = line.expect(2).arrival;
    line.end(new Error("over"));
    line.end(new Error("again"));
    await expect(before).rejects.toThrow("over");
    await expect(line.expect(2).arrival).rejects.toThrow("over");
  });

  test("gets nothing once it has cancelled", async () => {
    const line = new NotificationLine();
    const { arrival, cancel } = line.expect(2);
    cancel();
    line.push(notification(2, "unwanted"));
    const winner = await Promise.race([arrival, Promise.resolve("nothing")]);
    expect(winner).toBe("nothing");
  });
});

describe("a reader", () => {
  test("gets everything in order until the line ends", async () => {
    const line = new NotificationLine();
    const found = readAll(line);
    line.push(notification(1, "a"));
    await Promise.resolve();
    line.push(notification(2, "b"));
    line.push(notification(3, "c"));
    line.end(new Error("over"));
    expect(await found).toEqual(["a", "b", "c"]);
  });

  test("ends with its signal, also if that has fired before", async () => {
    const line = new NotificationLine();
    const abort = new AbortController();
    const found = readAll(line, abort);
    line.push(notification(1, "a"));
    abort.abort();
    expect(await found).toEqual(["a"]);
    expect(await readAll(line, abort)).toEqual([]);
  });

  test("that is slow loses the oldest, not the newest", async () => {
    const line = new NotificationLine();
    const reader = line.read(new AbortController().signal);
    for (let number = 0; number < 5000; number++) line.push(notification(1, String(number)));
    line.end(new Error("over"));
    const found: (string | null)[] = [];
    for await (const { data } of reader) found.push(data);
    expect([found.length, found[0], found.at(-1)]).toEqual([4096, "904", "4999"]);
  });
});

test("notifications have names, also those that nobody knows", () => {
  expect(notificationName(NotificationType.ProcessExited)).toBe("ProcessExited");
  expect(notificationName(0x7f)).toBe("Unknown 0x7f");
});
