import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PlatformError } from "../../../../src/base/errors.ts";
import { readPid, requirePidFile, watchPid, writePidFile } from "../../../../src/hcs/linux/pid-file.ts";
import { hostMachine } from "./test-machine.ts";

const machine = hostMachine();
let folder: string;
let from: string;
let to: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "runhcs-pid-"));
  [from, to] = [join(folder, "from"), join(folder, "to")];
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe("readPid", () => {
  test.each([
    ["4711", 4711],
    ["4711\n", 4711],
    ["", undefined],
    ["0", undefined],
    ["-1", undefined],
    ["4711 4712", undefined],
    ["x", undefined],
  ])("reads %j as %s", async (text, pid) => {
    fs.writeFileSync(from, text);
    expect(await readPid(machine, from)).toBe(pid);
  });

  test("reads no file as no pid", async () => {
    expect(await readPid(machine, from)).toBeUndefined();
  });
});

describe("writePidFile", () => {
  test("writes the number alone, for all to read", () => {
    writePidFile(to, 4711);
    expect(fs.readFileSync(to, "utf8")).toBe("4711");
    expect(fs.statSync(to).mode & 0o777).toBe(0o644);
  });

  test("replaces a link and leaves its target alone", () => {
    fs.writeFileSync(from, "precious");
    fs.symlinkSync(from, to);
    writePidFile(to, 4711);
    expect(fs.readFileSync(from, "utf8")).toBe("precious");
    expect(fs.readFileSync(to, "utf8")).toBe("4711");
  });

  test.each([
    ["path", undefined, 4711],
    ["pid", "to", undefined],
  ])("writes nothing without a %s", (_, name, pid) => {
    writePidFile(name === undefined ? undefined : to, pid);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test("says which file it cannot write", () => {
    const path = join(folder, "absent/pid");
    expect(() => writePidFile(path, 4711)).toThrow(PlatformError);
    expect(() => writePidFile(path, 4711)).toThrow(`Cannot write the pid file "${path}": ENOENT`);
  });
});

describe("requirePidFile", () => {
  test("is content with no file, and with one that can be made", () => {
    expect(requirePidFile(undefined)).toBeUndefined();
    expect(requirePidFile(to)).toBeUndefined();
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test("refuses a file in a folder that does not exist", () => {
    const path = join(folder, "absent/pid");
    expect(() => requirePidFile(path)).toThrow(`Cannot write the pid file "${path}": ENOENT`);
  });
});

describe("watchPid", () => {
  test("writes the pid once it is there, and only then", async () => {
    const stop = watchPid(machine, from, to);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(fs.existsSync(to)).toBe(false);
    fs.writeFileSync(from, "4711");
    await expect.poll(() => fs.existsSync(to)).toBe(true);
    expect(fs.readFileSync(to, "utf8")).toBe("4711");
    fs.rmSync(to);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(fs.existsSync(to)).toBe(false);
    await stop();
  });

  test("writes at its end the pid of a process that was faster", async () => {
    const stop = watchPid(machine, from, to);
    fs.writeFileSync(from, "4711");
    await stop();
    expect(fs.readFileSync(to, "utf8")).toBe("4711");
  });

  test("tells at its end, and not before, that it could not write", async () => {
    fs.writeFileSync(from, "4711");
    const stop = watchPid(machine, from, join(folder, "absent/pid"));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await expect(stop()).rejects.toThrow(PlatformError);
  });

  test("writes nothing after its end", async () => {
    await watchPid(machine, from, to)();
    fs.writeFileSync(from, "4711");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(fs.existsSync(to)).toBe(false);
  });
});
