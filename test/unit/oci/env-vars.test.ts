import { describe, expect, test } from "vitest";
import { BundleError } from "../../../src/base/errors.ts";
import { envVars, splitEntry } from "../../../src/oci/env-vars.ts";

describe("envVars", () => {
  test.each([
    ["a plain entry", "A=b", "A", "b"],
    ["an entry with several equals signs", "A=b=c=", "A", "b=c="],
    ["an empty value", "A=", "A", ""],
    ["a quoted value", "A='b c'", "A", "b c"],
    ["a value between spaces", "A=  b ", "A", "b"],
    ["a value with quotes inside", "A=' 'b'c' '", "A", "b'c"],
    ["a value in double quotes", 'A="b"', "A", '"b"'],
    ["a value of nothing but quotes and spaces", "A='' '", "A", ""],
    ["a name with spaces", " A =b", " A ", "b"],
    ["a value of several lines", "A=b\nc", "A", "b\nc"],
  ])("reads %s", (_, entry, name, value) => {
    expect(envVars([entry])).toEqual([{ name, value }]);
  });

  test("keeps the order and repeated names", () => {
    expect(envVars(["B=1", "A=2", "B=3"]).map(({ name, value }) => name + value)).toEqual(["B1", "A2", "B3"]);
  });

  test("reads an empty list", () => {
    expect(envVars([])).toEqual([]);
  });

  test.each([
    ["without an equals sign", "A", "must contain an equals sign"],
    ["that is empty", "", "must contain an equals sign"],
    ["without a name", "=b", "must begin with a name"],
  ])("refuses an entry %s and names its place", (_, entry, what) => {
    expect(() => envVars(["OK=1", entry])).toThrow(BundleError);
    expect(() => envVars(["OK=1", entry])).toThrow(
      `Cannot read the environment: /process/env/1 is "${entry}", ${what}`,
    );
  });
});

test("splitEntry leaves the value alone", () => {
  expect(splitEntry("A=' b=c '")).toEqual({ name: "A", value: "' b=c '" });
  expect(splitEntry("A")).toBeUndefined();
});
