import { describe, expect, test } from "vitest";
import { isFrozen } from "../../../../../src/hcs/linux/cgroups/freezer.ts";
import { hostMachine } from "../test-machine.ts";
import { makeCgroupFolder } from "./cgroup-folder.ts";

describe("isFrozen on cgroup v1", () => {
  test.each([
    ["THAWED", "0", false],
    ["FREEZING", "1", true],
    ["FROZEN", "1", true],
    ["FROZEN", "0", false], // frozen only through a group above
    ["THAWED", undefined, false],
    ["FREEZING", undefined, true],
    ["FROZEN", undefined, true],
  ])("takes state %s with self_freezing %s for %s", async (state, self, expected) => {
    const files = { "freezer.state": `${state}\n`, ...(self && { "freezer.self_freezing": `${self}\n` }) };
    const freezer = makeCgroupFolder(files);
    expect(await isFrozen(hostMachine(), { controllers: { freezer }, unified: undefined })).toBe(expected);
  });

  test("is false for the root group, which cannot freeze, whatever v2 says", async () => {
    const unified = makeCgroupFolder({ "cgroup.freeze": "1\n" });
    expect(await isFrozen(hostMachine(), { controllers: { freezer: makeCgroupFolder({}) }, unified })).toBe(
      false,
    );
  });
});

describe("isFrozen on cgroup v2", () => {
  test.each([
    ["0\n", false],
    ["1\n", true],
  ])("takes cgroup.freeze %j for %s", async (text, expected) => {
    const unified = makeCgroupFolder({ "cgroup.freeze": text });
    expect(await isFrozen(hostMachine(), { controllers: {}, unified })).toBe(expected);
  });
});

test("isFrozen is false when there is nothing to ask", async () => {
  expect(await isFrozen(hostMachine(), { controllers: {}, unified: undefined })).toBe(false);
  expect(
    await isFrozen(hostMachine(), { controllers: { freezer: "/nonexistent/group" }, unified: undefined }),
  ).toBe(false);
  expect(await isFrozen(hostMachine(), { controllers: {}, unified: "/nonexistent/group" })).toBe(false);
});
