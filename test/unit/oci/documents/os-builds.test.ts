import { expect, test } from "vitest";
import { isTp4, OS_BUILDS } from "../../../../src/oci/documents/os-builds.ts";

test("builds are in the order of their releases", () => {
  const builds = Object.values(OS_BUILDS);
  expect(builds).toEqual(builds.toSorted((a, b) => a - b));
});

test.each([
  [10240, false],
  [10585, false],
  [10586, true],
  [14393, true],
  [26100, true],
])("build %d is that of Technical Preview 4 or later: %s", (build, isLater) => {
  expect(isTp4(build)).toBe(isLater);
});
