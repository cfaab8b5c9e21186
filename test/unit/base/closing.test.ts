import { expect, test } from "vitest";
import { closing } from "../../../src/base/closing.ts";
import { RuntimeError } from "../../../src/base/errors.ts";

const unclosed = new RuntimeError("USAGE", "cannot be closed");
const failed = new RuntimeError("USAGE", "has failed");
const open = (failure?: RuntimeError) => {
  const calls: string[] = [];
  const close = async (): Promise<void> => {
    calls.push("close");
    if (failure !== undefined) throw failure;
  };
  return { calls, close };
};

test("what was opened is closed after the act, whose result is given", async () => {
  const { calls, close } = open();
  const act = async (): Promise<number> => calls.push("act");
  expect([await closing({ close }, act), calls]).toEqual([1, ["act", "close"]]);
});

test("a failure to close makes none of what was done", async () => {
  expect(await closing(open(unclosed), async () => 7)).toBe(7);
});

test("a failure to close is told beside that of the act", async () => {
  const act = async (): Promise<never> => {
    throw failed;
  };
  await expect(closing(open(unclosed), act)).rejects.toBe(failed);
  expect(failed.suppressed).toEqual([unclosed]);
});
