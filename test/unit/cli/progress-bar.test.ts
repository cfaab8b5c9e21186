import { expect, test } from "vitest";
import { progressText } from "../../../src/cli/progress-bar.ts";

test.each([
  [0, 1e9, 100, `[${" ".repeat(30)}] 0% 0 bytes of 1.0 GB, 0 bytes/s, 0 s left`],
  [5e8, 1e9, 1000, `[${"#".repeat(15)}${" ".repeat(15)}] 50% 500 MB of 1.0 GB, 500 MB/s, 1 s left`],
  [1e6, 1e9, 1000, `[${" ".repeat(30)}] 0% 1.0 MB of 1.0 GB, 1.0 MB/s, 16 min 39 s left`],
  [2e9, 1e9, 1000, `[${"#".repeat(30)}] 100% 2.0 GB of 1.0 GB, 2.0 GB/s, 0 s left`],
])("progressText tells of %d bytes of %d after %d ms", (done, total, elapsed, text) => {
  expect(progressText(done, total, elapsed)).toBe(text);
});

test("progressText has no bar where the end is not known", () => {
  expect(progressText(5e6, undefined, 500)).toBe("5.0 MB, 10.0 MB/s");
});
