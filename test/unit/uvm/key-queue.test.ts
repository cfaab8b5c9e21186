import { expect, test } from "vitest";
import { KeyQueue } from "../../../src/uvm/key-queue.ts";

test("actions on one key wait for each other, also for one that fails; others do not wait", async () => {
  const queue = new KeyQueue();
  const events: string[] = [];
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const first = queue.run("a", async () => {
    events.push("first begins");
    await gate;
    events.push("first ends");
    throw new Error("broken");
  });
  const second = queue.run("a", async () => {
    events.push("second");
    return 2;
  });
  await queue.run("b", async () => void events.push("other"));
  expect(events).toEqual(["first begins", "other"]);
  open();
  await expect(first).rejects.toThrow("broken");
  expect(await second).toBe(2);
  expect(events).toEqual(["first begins", "other", "first ends", "second"]);
});
