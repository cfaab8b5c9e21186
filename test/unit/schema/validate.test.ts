import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../../src/base/lossless-json.ts";
import {
  checkConfig,
  checkFeatures,
  checkProcess,
  checkResources,
  checkState,
} from "../../../src/schema/validate.ts";

/** A number as JSON writes it, exactly. */
const integerText = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
const nearBounds = fc
  .tuple(
    fc.constantFrom(0n, 2n ** 53n, 2n ** 63n, 2n ** 64n, -(2n ** 53n), -(2n ** 63n)),
    fc.bigInt({ min: -3n, max: 3n }),
  )
  .map(([bound, delta]) => bound + delta);

function accepts(resources: string): boolean {
  return checkResources(parseJson(resources)).faults.length === 0;
}

describe("64-bit integers are judged exactly", () => {
  test("as unsigned and as signed", () => {
    fc.assert(
      fc.property(fc.oneof(integerText, nearBounds), (value) => {
        expect(accepts(`{"cpu": {"shares": ${value}}}`)).toBe(value >= 0n && value < 2n ** 64n);
        expect(accepts(`{"memory": {"limit": ${value}}}`)).toBe(value >= -(2n ** 63n) && value < 2n ** 63n);
      }),
    );
  });

  test("written with an exponent too", () => {
    expect(accepts('{"cpu": {"shares": 1e19}}')).toBe(true);
    expect(accepts('{"cpu": {"shares": 1.8446744073709552e19}}')).toBe(false);
    expect(accepts('{"cpu": {"shares": 1e400}}')).toBe(false);
  });

  test("and faults show their digits", () => {
    expect(checkResources({ memory: { limit: 9223372036854775808n } }).faults).toEqual([
      {
        pointer: "/memory/limit",
        message: "found 9223372036854775808, must be at most 9223372036854775807",
      },
    ]);
  });

  test("and smaller ones refuse a bigint", () => {
    expect(checkResources({ network: { classID: 9007199254740993n } }).faults).toEqual([
      { pointer: "/network/classID", message: "found 9007199254740993, must be at most 4294967295" },
    ]);
  });

  test("and a document keeps its bigints", () => {
    expect(checkResources({ cpu: { shares: 2n ** 60n } }).value).toEqual({ cpu: { shares: 2n ** 60n } });
  });
});

test("unknown properties are tolerated everywhere", () => {
  const config = {
    ociVersion: "1.0.0",
    later: 1,
    process: { cwd: "/", later: [null] },
    linux: { resources: { later: {} } },
  };
  expect(checkConfig(config)).toEqual({ value: config, faults: [] });
});

test("checkProcess checks a process alone", () => {
  expect(checkProcess({ cwd: "/" }).faults).toEqual([]);
  expect(checkProcess({}).faults).toEqual([{ pointer: "/cwd", message: "missing, but required" }]);
});

describe("checkState", () => {
  const state = {
    ociVersion: "1.0.2",
    id: "a",
    status: "running",
    pid: 1,
    bundle: "/b",
    annotations: { a: "b" },
  };

  test("accepts a state, with the properties that runtimes add", () => {
    expect(checkState({ ...state, rootfs: "/b/rootfs", owner: "" }).faults).toEqual([]);
  });

  test.each([
    ["ociVersion", 1],
    ["id", null],
    ["status", "dead"],
    ["pid", -1],
    ["bundle", []],
    ["annotations", { a: 1 }],
  ])("refuses %s %j", (property, value) => {
    expect(checkState({ ...state, [property]: value }).faults).toHaveLength(1);
  });
});

describe("checkFeatures", () => {
  test("accepts what runc says of itself, and null for unknown", () => {
    const features: unknown = JSON.parse(execFileSync("runc", ["features"], { encoding: "utf8" }));
    expect(checkFeatures(features).faults).toEqual([]);
    expect(
      checkFeatures({ ociVersionMin: "1.0.0", ociVersionMax: "1.3.0", linux: null, hooks: null }).faults,
    ).toEqual([]);
  });

  test("refuses a wrong type below an optional part", () => {
    const features = { ociVersionMin: "1.0.0", linux: { cgroup: { v1: "yes" }, namespaces: "pid" } };
    expect(checkFeatures(features).faults).toEqual([
      { pointer: "/ociVersionMax", message: "missing, but required" },
      { pointer: "/linux/namespaces", message: 'found "pid", must be an array or a null' },
      { pointer: "/linux/cgroup/v1", message: 'found "yes", must be a boolean or a null' },
    ]);
  });
});
