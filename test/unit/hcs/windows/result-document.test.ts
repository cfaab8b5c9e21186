import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ComputeError } from "../../../../src/hcs/results.ts";
import { computeFailure } from "../../../../src/hcs/windows/result-document.ts";

const SUBJECT = { operation: "create", systemId: "web" };
const INVALID_JSON = 0xc037010d;

function eventsOf(document: unknown): unknown {
  return computeFailure(SUBJECT, INVALID_JSON, JSON.stringify(document)).events;
}

describe("a result document", () => {
  test("gives its events, each with the fields that have the right type", () => {
    const event = { Message: "m", StackTrace: "s", Provider: "p", EventId: 1, Flags: 2, Source: "x" };
    expect(eventsOf({ Error: -1, ErrorEvents: [event, { ...event, EventId: "1", More: 1 }] })).toEqual([
      event,
      { Message: "m", StackTrace: "s", Provider: "p", Flags: 2, Source: "x" },
    ]);
  });

  test("without events gives its message as one", () => {
    expect(eventsOf({ ErrorMessage: "broken" })).toEqual([{ Message: "broken" }]);
    expect(eventsOf({ ErrorMessage: "broken", ErrorEvents: [] })).toEqual([{ Message: "broken" }]);
  });

  test("puts the path that it complains of into the failure's line", () => {
    const document = {
      ErrorEvents: [{ Message: "other" }, { Message: "bad value at $.Container.Layers[2].Id" }],
    };
    const failure = computeFailure(SUBJECT, INVALID_JSON, JSON.stringify(document));
    expect(failure.message).toBe(
      'Cannot create "web": the document is invalid at $.Container.Layers[2].Id (HCS_E_INVALID_JSON 0xC037010D)',
    );
  });

  test.each([null, "", "garbage", "7", "[]", "null", '{"ErrorEvents":7}', '{"ErrorEvents":[7,null,[]]}'])(
    "that is %j is no hindrance",
    (text) => {
      expect(computeFailure(SUBJECT, INVALID_JSON, text).events).toEqual([]);
    },
  );

  test("of any content makes a failure of one line", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(0xffff_ffff), (text, hresult) => {
        const failure = computeFailure(SUBJECT, hresult, text);
        expect(failure).toBeInstanceOf(ComputeError);
        expect(failure.message).not.toContain("\n");
      }),
    );
  });
});
