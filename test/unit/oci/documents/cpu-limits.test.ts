import { describe, expect, test } from "vitest";
import { containerCpuLimits } from "../../../../src/oci/documents/container-limits.ts";
import { convertCpuLimits } from "../../../../src/oci/documents/cpu-limits.ts";
import type { CreateOptions } from "../../../../src/oci/documents/create-options.ts";
import { scaleCpuLimitsToSandbox } from "../../../../src/oci/documents/scale-cpu-limits.ts";
import { bundleErrorOf } from "../bundle-folder.ts";
import { notingHost, windowsSpec } from "./test-host.ts";

const COUNT = "io.microsoft.container.processor.count";
const LIMIT = "io.microsoft.container.processor.limit";
const WEIGHT = "io.microsoft.container.processor.weight";

interface Case {
  cpu?: { count?: number | bigint; maximum?: number; shares?: number };
  annotations?: Record<string, string>;
  max: number;
  limits: [count: number, limit: number, weight: number];
  warning?: string;
}

const specOf = ({ cpu = {}, annotations = {} }: Pick<Case, "cpu" | "annotations">) =>
  windowsSpec({ resources: { cpu } }, { annotations });

describe("convertCpuLimits", () => {
  test.each<[string, Case]>([
    ["nothing", { max: 4, limits: [0, 0, 0] }],
    ["a count", { cpu: { count: 2 }, max: 4, limits: [2, 0, 0] }],
    ["the largest count", { cpu: { count: 4 }, max: 4, limits: [4, 0, 0] }],
    [
      "a count beyond the processors",
      { cpu: { count: 5 }, max: 4, limits: [4, 0, 0], warning: "The container's 5 processors are cut to 4" },
    ],
    [
      "a count of 64 bits",
      {
        cpu: { count: 2n ** 64n - 1n },
        max: 4,
        limits: [4, 0, 0],
        warning: "The container's 18446744073709551615 processors are cut to 4",
      },
    ],
    ["a limit", { cpu: { maximum: 10000 }, max: 4, limits: [0, 10000, 0] }],
    ["a weight", { cpu: { shares: 1 }, max: 4, limits: [0, 0, 1] }],
    ["zeroes beside a limit", { cpu: { count: 0, shares: 0, maximum: 5 }, max: 4, limits: [0, 5, 0] }],
    [
      "an annotation before the configuration",
      { cpu: { count: 1 }, annotations: { [COUNT]: "3" }, max: 4, limits: [3, 0, 0] },
    ],
    [
      "an annotation of 0 as none",
      { cpu: { maximum: 7 }, annotations: { [LIMIT]: "0" }, max: 4, limits: [0, 7, 0] },
    ],
    ["a weight by annotation", { annotations: { [WEIGHT]: "10000" }, max: 4, limits: [0, 0, 10000] }],
  ])("converts %s", (_, { max, limits, warning, ...parts }) => {
    const host = notingHost();
    const [count, limit, weight] = limits;
    expect(convertCpuLimits(specOf(parts), max, host)).toEqual({ count, limit, weight });
    expect(host.warnings).toEqual(warning === undefined ? [] : [warning]);
  });

  test.each<[Pick<Case, "cpu" | "annotations">, string]>([
    [{ cpu: { count: 1, maximum: 2 } }, "count 1 and limit 2"],
    [{ cpu: { count: 1, shares: 3 } }, "count 1 and weight 3"],
    [{ cpu: { maximum: 2, shares: 3 } }, "limit 2 and weight 3"],
    [{ cpu: { count: 1, maximum: 2, shares: 3 } }, "count 1 and limit 2 and weight 3"],
    [{ cpu: { count: 1 }, annotations: { [WEIGHT]: "4" } }, "count 1 and weight 4"],
  ])("refuses more than one of them: case %#", (parts, found) => {
    const { message } = bundleErrorOf(() => convertCpuLimits(specOf(parts), 4, notingHost()));
    const place = "Cannot make the document of the container: /windows/resources/cpu";
    expect(message).toBe(`${place} has ${found}, must have at most one of count, limit and weight`);
  });
});

describe("scaleCpuLimitsToSandbox", () => {
  test.each<[limit: number, host: number, sandbox: number, scaled: number]>([
    // limit x host / sandbox, cut off, from 1 to 10000
    [2500, 8, 4, 5000],
    [1000, 8, 2, 4000],
    [100, 4, 4, 100],
    [1, 2, 3, 1],
    [1, 1, 3, 1],
    [5, 2, 3, 3],
    [7, 5, 3, 11],
    [6000, 8, 4, 10000],
    [10000, 64, 1, 10000],
    [9999, 3, 4, 7499],
    [0, 8, 4, 0],
  ])("turns %d of %d processors into those of %d: %d", (limit, host, sandbox, scaled) => {
    const scale = (count: number, weight: number) =>
      scaleCpuLimitsToSandbox({ count, limit, weight }, { host, sandbox });
    expect(scale(0, 0)).toEqual({ count: 0, limit: scaled, weight: 0 });
    expect(scale(3, 9)).toEqual({ count: 3, limit: scaled, weight: 9 });
  });
});

describe("the limits of a container where it runs", () => {
  const options = { id: "web", owner: "me", spec: specOf({ cpu: { maximum: 2500 } }) };
  const hostingSystem = { id: "vm", os: "windows", processorCount: 2, isTemplate: false } as const;

  test("are scaled to its VM if that is asked for, and nowhere else", () => {
    const limitOf = (more: Partial<CreateOptions>) =>
      containerCpuLimits({ ...options, ...more }, notingHost()).limit;
    expect(limitOf({ hostingSystem, scaleCpuLimitsToSandbox: true })).toBe(5000);
    expect(limitOf({ hostingSystem, scaleCpuLimitsToSandbox: false })).toBe(2500);
    expect(limitOf({ hostingSystem })).toBe(2500);
    expect(limitOf({ scaleCpuLimitsToSandbox: true })).toBe(2500);
  });

  test("cut a count to the processors of the VM, which is never scaled", () => {
    const spec = specOf({ cpu: { count: 3 } });
    const at = { ...options, spec, hostingSystem, scaleCpuLimitsToSandbox: true };
    expect(containerCpuLimits(at, notingHost())).toEqual({ count: 2, limit: 0, weight: 0 });
  });

  test("are what whole numbers of 32 bits give, for every limit that a configuration can have", () => {
    for (const [host, sandbox] of [
      [2, 3],
      [7, 5],
      [64, 2],
      [2048, 1],
      [1, 64],
    ] as const)
      for (let limit = 1; limit <= 10_000; limit++) {
        const exact = Math.min(Math.max((Math.imul(limit, host) / sandbox) | 0, 1), 10_000);
        const scaled = scaleCpuLimitsToSandbox({ count: 0, limit, weight: 0 }, { host, sandbox });
        if (scaled.limit !== exact)
          throw new Error(`${limit} of ${host} in ${sandbox}: ${scaled.limit}, not ${exact}`);
      }
  });
});
