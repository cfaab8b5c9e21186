import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson, stringifyJson } from "../../../src/base/lossless-json.ts";

describe("parseJson", () => {
  test.each<[string, unknown]>([
    ["18446744073709551615", 18446744073709551615n],
    ["-9223372036854775808", -9223372036854775808n],
    ["9007199254740993", 9007199254740993n],
    ["9007199254740991", 9007199254740991],
    ["-9007199254740991", -9007199254740991],
    ["0000", undefined],
    ["1e3", 1000],
    ["0.1234567890123456789", 0.12345678901234568],
    ["1e400", Infinity],
  ])("reads %s without losing a digit of an integer", (text, expected) => {
    if (expected === undefined) expect(() => parseJson(text)).toThrow(SyntaxError);
    else expect(parseJson(text)).toBe(expected);
  });

  test("reads what JSON.parse reads, digits of strings included", () => {
    const hasLongDigits = fc.constantFrom("1234567890123456", 'say "9007199254740993"', "\\", "\u2028");
    const document = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
        fc.string({ unit: "binary" }),
        hasLongDigits,
        fc.array(tie("value")),
        fc.dictionary(fc.oneof(fc.string(), hasLongDigits, fc.constant("__proto__")), tie("value"), {
          noNullPrototype: true,
        }),
      ),
    })).value;
    fc.assert(
      fc.property(document, (value) => {
        const text = JSON.stringify([value, "0000000000000000"]);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("takes the last of equal keys, with and without long numbers", () => {
    expect(parseJson('{"a": 1, "a": 2}')).toEqual({ a: 2 });
    expect(parseJson('{"a": 1, "a": 18446744073709551615}')).toEqual({ a: 18446744073709551615n });
  });

  test("keeps a key __proto__ as a plain property", () => {
    const value = parseJson('{"__proto__": {"x": 1}, "n": 18446744073709551615}');
    expect(Object.keys(value as object)).toEqual(["__proto__", "n"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test.each(["[", '{"a":', "[[[]"])("refuses a million times %s as too deep", (opening) => {
    expect(() => parseJson(opening.repeat(1_000_000))).toThrow(
      new SyntaxError("JSON nests deeper than 1000 levels"),
    );
  });

  test("reads 1000 levels and many shallow brackets", () => {
    const deep = "[".repeat(1000) + "]".repeat(1000);
    expect(stringifyJson(parseJson(deep))).toBe(deep);
    expect(stringifyJson(parseJson(`[1234567890123456789,${deep.slice(1, -1)}]`))).toContain(
      "1234567890123456789",
    );
    const wide = JSON.stringify(Array.from({ length: 5000 }, () => ["[[[", "\\", '"{']));
    expect(stringifyJson(parseJson(wide))).toBe(wide);
  });

  test("throws nothing but SyntaxError at random text", () => {
    const tokens = fc.constantFrom(
      "[",
      "]",
      "{",
      "}",
      '"',
      ":",
      ",",
      "\\",
      "9",
      "1234567890123456",
      "-",
      "e",
      "null",
      " ",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(tokens).map((all) => all.join("")),
        ),
        (text) => {
          try {
            parseJson(text);
          } catch (error) {
            expect(error).toBeInstanceOf(SyntaxError);
          }
        },
      ),
    );
  });
});

describe("stringifyJson", () => {
  test("writes bigints digit for digit, and indents like JSON.stringify", () => {
    const value = { a: [1, "x\n", null, true], b: { c: 18446744073709551615n }, d: [], e: {}, f: undefined };
    expect(stringifyJson(value)).toBe(
      '{"a":[1,"x\\n",null,true],"b":{"c":18446744073709551615},"d":[],"e":{}}',
    );
    const plain = { ...value, b: 1 };
    expect(stringifyJson(plain, 2)).toBe(JSON.stringify(plain, null, 2));
  });

  test("gives back the very text of a document with large integers", () => {
    const text = '{"limit":-9223372036854775808,"rlimits":[{"hard":18446744073709551615}]}';
    expect(stringifyJson(parseJson(text))).toBe(text);
  });

  test("refuses what is no JSON", () => {
    expect(() => stringifyJson(undefined)).toThrow(TypeError);
  });
});
