import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  UNLIMITED,
  parseCount,
  parseFlatKeyed,
  parseNestedKeyed,
  parseRanges,
} from "../../../../../src/hcs/linux/cgroups/cgroup-files.ts";

describe("parseCount", () => {
  test("keeps every digit of 64 bits, and stays a number as long as that is exact", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: UNLIMITED }), (value) => {
        const count = parseCount(`${value}\n`);
        expect(String(count)).toBe(String(value));
        expect(typeof count).toBe(value > BigInt(Number.MAX_SAFE_INTEGER) ? "bigint" : "number");
      }),
    );
  });

  test.each([
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740992", 9_007_199_254_740_992n],
    ["9223372036854771712\n", 9_223_372_036_854_771_712n],
    ["max\n", 18_446_744_073_709_551_615n],
    ["-1\n", -1],
    ["", undefined],
    ["1.5", undefined],
    ["0x10", undefined],
    [undefined, undefined],
  ])("reads %j as %s", (text, expected) => {
    expect(parseCount(text)).toBe(expected);
  });

  test("multiplies exactly beyond what a number holds", () => {
    expect(parseCount("9007199254740993", 1000n)).toBe(9_007_199_254_740_993_000n);
  });
});

describe("parseRanges", () => {
  test.each([
    ["0-2,5\n", [0, 1, 2, 5]],
    ["7", [7]],
    ["\n", []],
    ["", []],
    ["a-b,3", [3]],
  ])("reads %j as %j", (text, expected) => {
    expect(parseRanges(text)).toEqual(expected);
  });
});

test("parseFlatKeyed skips lines of another form", () => {
  const values = parseFlatKeyed("oom_kill 3\nbroken\n two words here\nhigh x\nlimit 9223372036854771712\n");
  expect([...values]).toEqual([
    ["oom_kill", 3],
    ["limit", 9_223_372_036_854_771_712n],
  ]);
});

test("parseNestedKeyed reads a line of pairs per name", () => {
  const values = parseNestedKeyed("8:0 rbytes=1 wbytes=2\n8:16\n");
  expect(values.get("8:0")).toEqual(
    new Map([
      ["rbytes", "1"],
      ["wbytes", "2"],
    ]),
  );
  expect(values.get("8:16")).toEqual(new Map());
  expect(values.size).toBe(2);
});
