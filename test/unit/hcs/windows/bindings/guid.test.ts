import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FormatError } from "../../../../../src/formats/format-error.ts";
import { guidText, parseGuid } from "../../../../../src/hcs/windows/bindings/guid.ts";

test("a GUID is read into the fields of the structure", () => {
  expect(parseGuid("{EC984AEC-a0f9-47e9-901f-71415a66345b}")).toEqual({
    Data1: 0xec984aec,
    Data2: 0xa0f9,
    Data3: 0x47e9,
    Data4: [0x90, 0x1f, 0x71, 0x41, 0x5a, 0x66, 0x34, 0x5b],
  });
});

test("every GUID is written as it was read", () => {
  fc.assert(
    fc.property(fc.uuid(), (text) => {
      expect(guidText(parseGuid(text))).toBe(text);
    }),
  );
});

test.each(["", "x", "ec984aec-a0f9-47e9-901f-71415a66345", "ec984aec-a0f9-47e9-901f-71415a66345bb", "{}"])(
  "the text %j is none",
  (text) => {
    expect(() => parseGuid(text)).toThrow(FormatError);
  },
);
