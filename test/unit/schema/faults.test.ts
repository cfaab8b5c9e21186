import { describe, expect, test } from "vitest";
import { onOneLine, pointerTo, removeAt, shown, valueAt } from "../../../src/schema/faults.ts";

describe("shown", () => {
  test.each<[unknown, string]>([
    ["tmp", '"tmp"'],
    ["a\nb\u001b[31m\u0085", '"a\\nb\\u001b[31m\\u0085"'],
    ["a\u2028b\u202ec", '"a\\u2028b\\u202ec"'],
    ["\u{e0001}", '"\\u{e0001}"'],
    ["x".repeat(60), `"${"x".repeat(60)}"`],
    ["x".repeat(61), `"${"x".repeat(60)}..."`],
    [`${"x".repeat(59)}😀`, `"${"x".repeat(59)}\\ud83d..."`],
    [18446744073709551616n, "18446744073709551616"],
    [1.5, "1.5"],
    [null, "null"],
    [[], "an empty array"],
    [[[]], "an array"],
    [{}, "an object"],
  ])("shows case %# on one line", (value, text) => {
    expect(shown(value)).toBe(text);
  });
});

test("onOneLine leaves readable text alone", () => {
  expect(onOneLine("/bündel/日本 語~")).toBe("/bündel/日本 語~");
});

describe("pointers", () => {
  const document = { "a/b": { "~": [10, 20] }, own: {} };

  test("name keys with slashes and tildes", () => {
    expect(valueAt(document, pointerTo("a/b", "~", 1))).toBe(20);
    expect(valueAt(document, "")).toBe(document);
  });

  test("name no inherited properties and nothing in what is no structure", () => {
    expect(valueAt(document, "/own/toString")).toBeUndefined();
    expect(valueAt(document, "/a~1b/~0/0/x")).toBeUndefined();
  });

  test("remove properties, and leave the other elements of an array in place", () => {
    const copy = structuredClone(document);
    removeAt(copy, "/a~1b/~0/0");
    removeAt(copy, "/own");
    removeAt(copy, "/absent/below");
    expect(Object.keys(copy["a/b"]["~"])).toEqual(["1"]);
    expect(copy).not.toHaveProperty("own");
  });
});
