import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringifyJson } from "../../../src/base/lossless-json.ts";
import { loadProcess } from "../../../src/oci/process-file.ts";
import type { OciProcess } from "../../../src/schema/oci.ts";
import { bundleErrorOf, makeBundle } from "./bundle-folder.ts";
import { podmanConfig } from "./engine-configs.ts";

const file = join(makeBundle(), "process.json");

function refusalOf(process: unknown): string {
  writeFileSync(file, stringifyJson(process));
  const { code, message } = bundleErrorOf(() => loadProcess(file));
  expect(code).toBe("BUNDLE_INVALID");
  return message.replace(`Cannot load process "${file}": `, "");
}

describe("loadProcess", () => {
  test("loads what an engine writes", () => {
    writeFileSync(file, stringifyJson(podmanConfig.process));
    expect(loadProcess(file)).toEqual(podmanConfig.process);
  });

  test.each<[unknown, string]>([
    [null, "process property must not be empty"],
    [{}, "process property must not be empty"],
    ["sh", 'the process file has 1 fault: found "sh", must be an object'],
    [
      { cwd: "", args: ["a"] },
      'the process file has 1 fault: /cwd: found "", Cwd property must not be empty',
    ],
    [
      { cwd: "a", args: ["a"] },
      'the process file has 1 fault: /cwd: found "a", Cwd must be an absolute path',
    ],
    [
      { cwd: "/", args: [] },
      "the process file has 1 fault: /args: found an empty array, args must not be empty",
    ],
    [{ cwd: "/" }, "the process file has 1 fault: /args: missing, args must not be empty"],
    [
      { args: ["a"], user: { uid: -1 } },
      "the process file has 3 faults: /cwd: missing, but required; /user/uid: found -1, must be at least 0; /user/gid: missing, but required",
    ],
  ])("refuses %j", (process, problem) => {
    expect(refusalOf(process)).toBe(problem);
  });

  test.each<OciProcess>([
    { cwd: "C:\\data", args: ["a"] },
    { cwd: "C:\\", commandLine: "a b" },
    { cwd: "/", args: ["a"], user: { uid: 0, gid: 0 } },
  ])("loads %j on Windows, whose containers are of both systems", (process) => {
    writeFileSync(file, stringifyJson(process));
    expect(loadProcess(file, true)).toEqual(process);
  });

  test.each<[unknown, string]>([
    [{ cwd: "data", args: ["a"] }, '/cwd: found "data", Cwd must be an absolute path'],
    [{ cwd: "", args: ["a"] }, '/cwd: found "", Cwd property must not be empty'],
    [{ cwd: "C:\\", args: [] }, "/commandLine: missing, commandLine or args must not be empty"],
  ])("refuses %j on Windows", (process, problem) => {
    writeFileSync(file, stringifyJson(process));
    expect(bundleErrorOf(() => loadProcess(file, true)).message).toContain(problem);
  });

  test("tells a missing file", () => {
    const absent = join(file, "absent");
    expect(bundleErrorOf(() => loadProcess(absent))).toMatchObject({
      code: "BUNDLE_MISSING",
      message: `Cannot load process "${absent}": the file does not exist`,
    });
  });
});
