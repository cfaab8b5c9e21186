import { describe, expect, test } from "vitest";
import { ComputeError, isPending } from "../../../../src/hcs/results.ts";
import { answerOf, readDocument } from "../../../../src/hcs/windows/compute-call.ts";

const SUBJECT = { operation: "start", systemId: "web" };

function request(value: number, document: string | null, mayPend = false) {
  const out: [string | null] = [document];
  const call = Promise.resolve({ value, handle: null, lastError: 0, out });
  return { subject: SUBJECT, timeout: 1000, call, mayPend };
}

describe("the answer of a call", () => {
  test.each([0, 1, 0x7fff_ffff])("with result %d is a success", async (value) => {
    expect(await answerOf(request(value, "x"))).toEqual({ out: ["x"], isPending: false });
  });

  test.each([0xc0370103, 0x80370117])("with result %d goes on, if it may", async (value) => {
    expect(await answerOf(request(value, null, true))).toEqual({ out: [null], isPending: true });
    const failure: unknown = await answerOf(request(value, null)).catch((error: unknown) => error);
    expect(isPending(failure)).toBe(true);
  });

  test("with another result is a failure with the events of its document", async () => {
    const failure: unknown = await answerOf(
      request(0x80370101, '{"ErrorEvents":[{"Message":"m"}]}', true),
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ComputeError);
    expect((failure as ComputeError).events).toEqual([{ Message: "m" }]);
  });
});

describe("a document of the service", () => {
  test("keeps integers above 2^53", () => {
    expect(readDocument(SUBJECT, '{"a":18446744073709551615}')).toEqual({ a: 18446744073709551615n });
  });

  test.each([null, "", "x", "7", "null", '"text"'])("that is %j is refused", (text) => {
    expect(() => readDocument(SUBJECT, text)).toThrow('Cannot start "web": the data is invalid');
  });
});
