import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BundleError, ToolError } from "../../../../src/base/errors.ts";
import {
  requireHostHooks,
  runCreateHooks,
  runStartHooks,
  runStopHooks,
  type HookedContainer,
} from "../../../../src/runtime/hooks/container-hooks.ts";
import type { OciHook, OciHooks } from "../../../../src/schema/oci.ts";

let folder: string;

beforeEach(() => (folder = fs.mkdtempSync(join(tmpdir(), "runhcs-hooks-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** A hook that adds its name and the state to a file. */
const hook = (name: string, code = 0): OciHook => ({
  path: "/bin/sh",
  args: ["sh", "-c", `{ printf '${name} '; cat; echo; } >> ${join(folder, "notes")}; exit ${code}`],
});
const notes = (): string[] => fs.readFileSync(join(folder, "notes"), "utf8").trimEnd().split("\n");
const names = (): string[] => notes().map((line) => line.split(" ")[0] ?? "");

const container = (hooks: OciHooks, ociVersion = "1.2.1"): HookedContainer => ({
  record: {
    id: "web",
    ociVersion,
    annotations: {
      own: "1",
      "io.katacontainers.pkg.oci.bundle_path": "C:\\bundle",
    },
  },
  hooks,
});

describe("the hooks of a container", () => {
  test("run in order, with the state of their moment", async () => {
    const all = container({
      prestart: [hook("a"), hook("b")],
      createRuntime: [hook("c")],
      poststart: [hook("d")],
      poststop: [hook("e")],
    });
    const warn = (failure: unknown) => {
      throw failure;
    };
    await runCreateHooks(all, 12);
    await runStartHooks(all, 12, warn);
    await runStopHooks(all, warn);
    expect(names()).toEqual(["a", "b", "c", "d", "e"]);
    const states = notes().map((line) => JSON.parse(line.slice(2)) as object);
    const common = { ociVersion: "1.3.0", id: "web", bundle: "C:\\bundle", annotations: { own: "1" } };
    expect(states[0]).toEqual({ ...common, status: "creating", pid: 12 });
    expect(states[2]).toEqual({ ...common, status: "creating", pid: 12 });
    expect(states[3]).toEqual({ ...common, status: "running", pid: 12 });
    expect(states[4]).toEqual({ ...common, status: "stopped", pid: 0 });
  });

  test("end the creation with the first that fails", async () => {
    const failing = container({ prestart: [hook("a"), hook("b", 3), hook("c")], createRuntime: [hook("d")] });
    await expect(runCreateHooks(failing, 1)).rejects.toThrow(
      'Cannot run hook /hooks/prestart/1 of container "web": "/bin/sh" has ended with code 3',
    );
    expect(names()).toEqual(["a", "b"]);
  });

  test.each([
    ["1.0.0", false],
    ["1.2.1", false],
    ["1.3.0", true],
    ["1.10.0-dev", true],
    ["2.0.0", true],
  ])("of version %s stop the container after its start: %s", async (version, isStrict) => {
    const failing = container({ poststart: [hook("a", 1), hook("b")] }, version);
    const warnings: unknown[] = [];
    const end = runStartHooks(failing, 1, (failure) => warnings.push(failure));
    if (isStrict) await expect(end).rejects.toThrow(ToolError);
    else await end;
    expect([names(), warnings.length]).toEqual(isStrict ? [["a"], 0] : [["a", "b"], 1]);
  });

  test("all run once the container is gone", async () => {
    const warnings: unknown[] = [];
    const failing = container({ poststop: [{ path: "/no/hook" }, hook("b", 1), hook("c")] }, "1.3.0");
    await runStopHooks(failing, (failure) => warnings.push(failure));
    expect(names()).toEqual(["b", "c"]);
    expect(warnings.map(String)).toEqual([
      'ToolError: Cannot run hook /hooks/poststop/0 of container "web": "/no/hook" does not exist',
      'ToolError: Cannot run hook /hooks/poststop/1 of container "web": "/bin/sh" has ended with code 1',
    ]);
  });

  test("are refused where they cannot be executed", () => {
    const refusal = (hooks: OciHooks): unknown => {
      try {
        return requireHostHooks("web", { hooks });
      } catch (error) {
        return error instanceof BundleError ? [error.message, error.faults[0]?.pointer] : error;
      }
    };
    expect(requireHostHooks("web", {})).toBe(undefined);
    expect(refusal({ createContainer: [], prestart: [{ path: "/x" }], poststop: [{ path: "/y" }] })).toBe(
      undefined,
    );
    for (const kind of ["createContainer", "startContainer"] as const)
      expect(refusal({ [kind]: [{ path: "/x" }] })).toEqual([
        `Cannot create container "web": /hooks/${kind}/0 cannot be executed: there is no way into the container before its process runs`,
        `/hooks/${kind}/0`,
      ]);
    expect(refusal({ poststop: [{ path: "/y" }, { path: "x" }] })).toEqual([
      'Cannot create container "web": /hooks/poststop/1/path is "x", must be an absolute path',
      "/hooks/poststop/1/path",
    ]);
  });
});
