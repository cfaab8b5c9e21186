import { expect, test } from "vitest";
import { ComputeError } from "../../../../src/hcs/results.ts";
import { deferred } from "../../../../src/hcs/windows/deferred.ts";
import { OpenHandle } from "../../../../src/hcs/windows/open-handle.ts";

const SUBJECT = { operation: "start", systemId: "web" };

test("a handle is released once, after the last call that uses it", async () => {
  const released: bigint[] = [];
  const handle = new OpenHandle(5n, async (open) => released.push(open));
  const calls = [deferred<string>(), deferred<string>()];
  const uses = calls.map(({ promise }) => handle.use(SUBJECT, () => promise));
  const closed = [handle.close(), handle.close()];
  calls[0]?.resolve("one");
  await uses[0];
  expect(released).toEqual([]);
  calls[1]?.reject(new Error("two"));
  await expect(uses[1]).rejects.toThrow("two");
  await Promise.all(closed);
  expect(released).toEqual([5n]);
});

test("a closed handle is not used", async () => {
  const handle = new OpenHandle(5n, async () => undefined);
  await handle.close();
  const refused = handle.use(SUBJECT, async () => "used");
  await expect(refused).rejects.toThrow(ComputeError);
  await expect(refused).rejects.toThrow('Cannot start "web": its handle is closed');
});
