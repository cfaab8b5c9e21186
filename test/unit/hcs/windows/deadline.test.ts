import { expect, test } from "vitest";
import { isTimeout } from "../../../../src/hcs/results.ts";
import { withDeadline } from "../../../../src/hcs/windows/deadline.ts";
import { deferred } from "../../../../src/hcs/windows/deferred.ts";

const SUBJECT = { operation: "start", systemId: "web" };

test("what arrives in time is passed on, and not given back", async () => {
  const late: string[] = [];
  const deadline = { ms: 1000, subject: SUBJECT, late: (value: string) => late.push(value) };
  expect(await withDeadline(Promise.resolve("x"), deadline)).toBe("x");
  await expect(withDeadline(Promise.reject(new Error("broken")), deadline)).rejects.toThrow("broken");
  expect(late).toEqual([]);
});

test("what arrives later is given back once", async () => {
  const late: string[] = [];
  const slow = deferred<string>();
  const deadline = { ms: 5, subject: SUBJECT, late: (value: string) => late.push(value) };
  const failure: unknown = await withDeadline(slow.promise, deadline).catch((error: unknown) => error);
  expect(isTimeout(failure)).toBe(true);
  expect(String(failure)).toContain('Cannot start "web": the operation did not complete in time');
  slow.resolve("late");
  await slow.promise;
  await new Promise(setImmediate);
  expect(late).toEqual(["late"]);
});

test("what fails later is forgotten", async () => {
  const slow = deferred<string>();
  const deadline = { ms: 5, subject: SUBJECT, late: () => expect.unreachable() };
  await expect(withDeadline(slow.promise, deadline)).rejects.toThrow("in time");
  slow.reject(new Error("broken"));
  await new Promise(setImmediate);
});
