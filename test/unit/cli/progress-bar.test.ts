import { expect, test } from "vitest";
import { progressText } from "../../../src/cli/progress-bar.ts";

const bar = (filled: number): string => `[${"#".repeat(filled)}${" ".repeat(30 - filled)}]`;

test.each<[string, Parameters<typeof progressText>, string]>([
  ["half", [500, 1000, 1000], `${bar(15)} 50% 500 bytes of 1.0 kB, 500 bytes/s, 1 s left`],
  ["the beginning", [0, 1000, 0], `${bar(0)} 0% 0 bytes of 1.0 kB, 0 bytes/s, 0 s left`],
  ["minutes left", [1000, 100_000, 1000], `${bar(0)} 1% 1.0 kB of 100 kB, 1.0 kB/s, 1 min 39 s left`],
  ["more than there should be", [2000, 1000, 1000], `${bar(30)} 100% 2.0 kB of 1.0 kB, 2.0 kB/s, 0 s left`],
  ["an end that is not known", [3_000_000, undefined, 2000], "3.0 MB, 1.5 MB/s"],
])("shows %s", (_, words, text) => {
  expect(progressText(...words)).toBe(text);
});
