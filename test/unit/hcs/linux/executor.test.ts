import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PlatformError } from "../../../../src/base/errors.ts";
import { hasHybridControllers } from "../../../../src/hcs/linux/cgroup-view.ts";
import { chooseExecutor, executorFor } from "../../../../src/hcs/linux/executor.ts";
import type { Machine } from "../../../../src/hcs/linux/machine.ts";
import { hostMachine } from "./test-machine.ts";

const HOST_NEEDS_VIEW = await hasHybridControllers(hostMachine());

let folder: string;
let root: string;
let bin: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "runhcs-executor-"));
  [root, bin] = [join(folder, "root"), join(folder, "bin")];
  fs.mkdirSync(root);
  fs.mkdirSync(bin);
  vi.stubEnv("PATH", bin);
});
afterEach(() => {
  vi.unstubAllEnvs();
  fs.rmSync(folder, { recursive: true });
});

function install(name: string, mode = 0o755): string {
  const path = join(bin, name);
  fs.writeFileSync(path, "#!/bin/sh\n", { mode });
  return path;
}

/** A machine that was booted under this id. */
function booted(bootId: string): Machine {
  const machine = hostMachine();
  return {
    ...machine,
    readText: async (path) => (path.endsWith("/boot_id") ? `${bootId}\n` : machine.readText(path)),
  };
}

function decision(): string {
  return join(root, "@executor.json");
}

describe("chooseExecutor, left to the host, takes", () => {
  test("crun before runc", async () => {
    const crun = install("crun");
    install("runc");
    const expected = { name: "crun", path: crun, cgroupView: HOST_NEEDS_VIEW };
    expect(await chooseExecutor(booted("one"), root, undefined)).toEqual(expected);
  });

  test("what it has decided on since the boot, even when another program is installed", async () => {
    const first = await chooseExecutor(booted("one"), root, undefined);
    expect(fs.statSync(decision()).mode & 0o777).toBe(0o600);
    install("crun");
    expect(await chooseExecutor(booted("one"), root, undefined)).toEqual(first);
  });

  test("a new decision after the next boot", async () => {
    await chooseExecutor(booted("one"), root, undefined);
    const crun = install("crun");
    expect((await chooseExecutor(booted("two"), root, undefined)).path).toBe(crun);
    expect(JSON.parse(fs.readFileSync(decision(), "utf8"))).toMatchObject({
      bootId: "two",
      executor: { path: crun },
    });
  });

  test("a new decision when the program it decided on is gone", async () => {
    const crun = install("crun");
    await chooseExecutor(booted("one"), root, undefined);
    fs.rmSync(crun);
    expect((await chooseExecutor(booted("one"), root, undefined)).path).not.toBe(crun);
  });

  test.each([
    ["cut short", '{"bootId":"one","execu'],
    ["empty", ""],
    ["another document", '{"bootId":"one"}'],
    ["a decision for something unknown", '{"bootId":"one","executor":{"name":"youki","path":"/bin/sh"}}'],
    ["null", "null"],
  ])("a new decision when the remembered one is %s", async (_, text) => {
    fs.writeFileSync(decision(), text);
    const crun = install("crun");
    expect(await chooseExecutor(booted("one"), root, undefined)).toMatchObject({ name: "crun", path: crun });
  });

  test("the usual folders when PATH is empty", async () => {
    vi.stubEnv("PATH", "");
    expect((await chooseExecutor(booted("one"), root, undefined)).path).toMatch(
      /^\/usr\/(local\/)?s?bin\/(crun|runc)$/,
    );
  });

  test("no file of that name that cannot be run, and none in a relative folder of PATH", async () => {
    install("crun", 0o644);
    vi.stubEnv("PATH", `${bin}:.:relative`);
    expect((await chooseExecutor(booted("one"), root, undefined)).path).not.toContain(folder);
  });

  test("no memory when there is no state folder to keep it in", async () => {
    const absent = join(folder, "absent");
    expect((await chooseExecutor(booted("one"), absent, undefined)).path).toBeDefined();
    expect(fs.existsSync(absent)).toBe(false);
  });
});

describe("chooseExecutor, told which, takes", () => {
  test("a name's program, and remembers nothing", async () => {
    const runc = install("runc");
    install("crun");
    expect(await chooseExecutor(booted("one"), root, "runc")).toEqual({
      name: "runc",
      path: runc,
      cgroupView: false,
    });
    expect(fs.existsSync(decision())).toBe(false);
  });

  test("a path", async () => {
    const path = install("runc-1.2");
    expect(await chooseExecutor(booted("one"), root, path)).toEqual({
      name: "runc",
      path,
      cgroupView: false,
    });
  });

  test("a name with a version, and not the program without it", async () => {
    install("crun");
    const path = install("crun-1.19");
    expect(await chooseExecutor(booted("one"), root, "crun-1.19")).toMatchObject({ name: "crun", path });
  });

  test.each([
    ["a program of another kind", "youki", "PLATFORM_UNSUPPORTED", /^Cannot use "youki" as the executor: /],
    [
      "a path to another kind",
      "/bin/sh",
      "PLATFORM_UNSUPPORTED",
      /^Cannot use "\/bin\/sh" as the executor: /,
    ],
    ["a name's beginning", "crunch", "PLATFORM_UNSUPPORTED", /^Cannot use "crunch"/],
    [
      "a program that is not installed",
      "crun-absent",
      "PLATFORM_MISSING",
      /^Cannot find the OCI executor "crun-absent" on/,
    ],
    [
      "a path that does not exist",
      "/absent/crun",
      "PLATFORM_MISSING",
      /^Cannot find the OCI executor "\/absent\/crun" on/,
    ],
    ["a relative path", "bin/crun", "PLATFORM_MISSING", /^Cannot find the OCI executor "bin\/crun" on/],
  ])("never %s", async (_, requested, code, message) => {
    const act = chooseExecutor(booted("one"), root, requested);
    await expect(act).rejects.toThrow(PlatformError);
    await expect(act).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe("executorFor", () => {
  const crun = { name: "crun", path: "/opt/crun", cgroupView: true } as const;

  test("keeps the host's choice for a container with a mount namespace of its own", async () => {
    expect(await executorFor(hostMachine(), crun, true)).toBe(crun);
  });

  test("keeps it on a host that needs no view", async () => {
    const plain = { ...crun, cgroupView: false };
    expect(await executorFor(hostMachine(), plain, false)).toBe(plain);
  });

  test("takes runc for a container that would stay in the view", async () => {
    const runc = install("runc");
    expect(await executorFor(hostMachine(), crun, false)).toEqual({
      name: "runc",
      path: runc,
      cgroupView: false,
    });
  });
});

test("findProgram finds nothing where there is nothing", async () => {
  expect(await hostMachine().findProgram("a-program-that-nobody-has")).toBeUndefined();
});
