import { expect, test } from "vitest";
import { CallGate } from "../../../../../src/hcs/windows/bindings/call-gate.ts";

test("calls above the limit start in turn, one for each that ends", () => {
  const started: number[] = [];
  const gate = new CallGate(2);
  for (let number = 0; number < 5; number++) gate.enter(() => started.push(number));
  expect(started).toEqual([0, 1]);
  gate.leave();
  expect(started).toEqual([0, 1, 2]);
  gate.leave();
  gate.leave();
  gate.leave();
  gate.leave();
  gate.enter(() => started.push(5));
  expect(started).toEqual([0, 1, 2, 3, 4, 5]);
});
