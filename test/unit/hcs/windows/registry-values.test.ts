import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeName, unescapeName } from "../../../../src/hcs/windows/registry-name.ts";
import { decodeValue, encodeValue } from "../../../../src/hcs/windows/registry-value.ts";

describe("names of registry keys", () => {
  test.each([
    ["web", "web"],
    ["a\\b/c", "a%5Cb%2Fc"],
    ["$&+:=@-_.~", "$&+:=@-_.~"],
    ["a b;c,d?e%f", "a%20b%3Bc%2Cd%3Fe%25f"],
    ["!*'()", "%21%2A%27%28%29"],
    ["é😀", "%C3%A9%F0%9F%98%80"],
    ["", ""],
  ])("write %j as %j", (text, name) => {
    expect(escapeName(text)).toBe(name);
    expect(unescapeName(name)).toBe(text);
  });

  test("hold any text and never a separator", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(escapeName(text)).toMatch(/^[\w\-.~$&+:=@%]*$/);
        expect(unescapeName(escapeName(text))).toBe(text);
      }),
    );
  });

  test.each(["%", "%4", "%ff", "%zz"])("that others have written can be none: %j", (name) => {
    expect(unescapeName(name)).toBe(undefined);
  });
});

describe("values of the registry", () => {
  test("come back as they were", () => {
    const value = fc.oneof(
      fc.boolean(),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.nat(),
      fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
      fc.json().map((json) => ({ json })),
    );
    fc.assert(
      fc.property(value, (stored) => {
        const isSmall = typeof stored === "bigint" && stored <= BigInt(Number.MAX_SAFE_INTEGER);
        expect(decodeValue(encodeValue(stored))).toEqual(isSmall ? Number(stored) : stored);
      }),
    );
  });

  test.each([1.5, -1, 2n ** 64n, -1n, Number.NaN])("refuse the number %s", (number) => {
    expect(() => encodeValue(number)).toThrow(RangeError);
  });

  test("of other types and sizes are none", () => {
    fc.assert(
      fc.property(fc.nat(16), fc.uint8Array({ maxLength: 20 }), (type, bytes) => {
        const value = decodeValue({ type, bytes: Buffer.from(bytes) });
        const isKnown =
          [1, 3].includes(type) || (type === 4 && bytes.length === 4) || (type === 11 && bytes.length === 8);
        expect(value === undefined).toBe(!isKnown);
      }),
    );
  });

  test.each([
    ["without an end", Buffer.from("web", "utf16le"), "web"],
    ["with more after its end", Buffer.from("web\0db\0", "utf16le"), "web"],
    ["of an odd length", Buffer.from("770065", "hex"), "w"],
  ])("read a text %s", (_, bytes, text) => {
    expect(decodeValue({ type: 1, bytes })).toBe(text);
  });
});
