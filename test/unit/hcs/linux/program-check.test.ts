import * as fc from "fast-check";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProcessError } from "../../../../src/base/errors.ts";
import { checkProgram, type ProgramSearch } from "../../../../src/hcs/linux/program-check.ts";
import { hostMachine } from "./test-machine.ts";

let folder: string;
let root: string;

/** Outside the root there are programs under the very paths that are looked for inside. */
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "runhcs-program-"));
  root = join(folder, "rootfs");
  for (const name of ["bin", "empty", "etc/deep", "mounted/inner", "usr/sbin", "turn"])
    fs.mkdirSync(join(root, name), { recursive: true });
  program("rootfs/bin/tool");
  program("rootfs/etc/deep/tool");
  program("outside/tool");
  program("secret");
  fs.writeFileSync(join(root, "bin/text"), "text", { mode: 0o644 });
  const links: Record<string, string> = {
    "bin/relative": "tool",
    "bin/up": "../etc/deep/tool",
    "bin/absolute": "/bin/tool",
    "bin/chain": "absolute",
    "bin/dangling": "absent",
    "bin/loop": "loop",
    "bin/pong": "ping",
    "bin/ping": "pong",
    "bin/out": "../../../../../../../../bin/tool",
    "bin/escape": "../../outside/tool",
    "bin/host": join(folder, "outside/tool"),
    "bin/parent": "..",
    "bin/through": "/etc/deep/../../bin/tool",
    applets: "bin",
    "to-mount": "mounted/inner/tool",
    sbin: "usr/sbin",
    "turn/around": "/turn/around",
  };
  for (const [name, target] of Object.entries(links)) fs.symlinkSync(target, join(root, name));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

function program(name: string): void {
  fs.mkdirSync(dirname(join(folder, name)), { recursive: true });
  fs.writeFileSync(join(folder, name), "#!/bin/sh\n", { mode: 0o755 });
}

function check(name: string, changes: Partial<ProgramSearch> = {}): Promise<void> {
  const search = {
    machine: hostMachine(),
    root,
    mounts: ["/mounted", "/proc", "/opt/tools"],
    user: undefined,
    args: [name, "x"],
    env: ["PATH=/bin"],
    cwd: "/",
  };
  return checkProgram('container "web"', { ...search, ...changes });
}

describe("checkProgram accepts", () => {
  test.each([
    ["a path", "/bin/tool"],
    ["a path with dots", "/bin/../bin/./tool"],
    ["a path that climbs above the root, which is the root", "/../../bin/tool"],
    ["a relative link", "/bin/relative"],
    ["a link up", "/bin/up"],
    ["an absolute link, which starts at the root", "/bin/absolute"],
    ["a chain of links", "/bin/chain"],
    ["a link that climbs above the root to a program inside", "/bin/out"],
    ["a link with dots in its middle", "/bin/through"],
    ["a folder behind a link", "/applets/tool"],
    ["the parent behind a link", "/bin/parent/bin/tool"],
    ["a name found in PATH", "tool"],
    ["a link found in PATH", "chain"],
    ["what may be on a mount", "/mounted/inner/tool"],
    ["what a link leads to on a mount", "/to-mount"],
    ["what may be on a mount whose parent folder the executor makes", "/opt/tools/echo"],
    ["a link that loops, for the kernel to refuse", "/bin/loop"],
    ["links that loop in a circle, for the kernel to refuse", "/bin/ping"],
  ])("%s", async (_, name) => {
    expect(await check(name)).toBeUndefined();
  });

  test.each<[string, string, Partial<ProgramSearch>]>([
    ["a relative path, from the working folder", "deep/tool", { cwd: "/etc" }],
    ["a dotted path, from the working folder", "./tool", { cwd: "/bin" }],
    ["a name found late in PATH", "tool", { env: ["PATH=/absent:/bin/text:/empty:/bin"] }],
    ["a name in a relative folder of PATH", "tool", { env: ["PATH=deep"], cwd: "/etc" }],
    ["a name in an empty part of PATH", "tool", { env: ["PATH=:"], cwd: "/bin" }],
    ["a name found in the usual folders when PATH is unset", "tool", { env: ["A=1"] }],
    ["a name that may be on a mount in PATH", "absent", { env: ["PATH=/bin:/mounted/inner"] }],
    ["no program at all", "", {}],
    ["a path below a root mount, which hides nothing", "/bin/tool", { mounts: ["/"] }],
    ["a file mounted through a link", "/sbin/init", { mounts: ["/sbin/init"] }],
    ["a file mounted through a link, by its own path", "/usr/sbin/init", { mounts: ["/sbin/init"] }],
    ["a name that may be on a mount through a link", "init", { mounts: ["/sbin"], env: ["PATH=/usr/sbin"] }],
    ["a path that is too long, for the kernel to refuse", `/${"x".repeat(300)}`, {}],
  ])("%s", async (_, name, changes) => {
    expect(await check(name, changes)).toBeUndefined();
  });

  test("an empty list of words", async () => {
    expect(await check("", { args: [] })).toBeUndefined();
  });
});

describe("checkProgram refuses, in runc's words,", () => {
  const start = (name: string): string =>
    `Cannot run container "web": unable to start container process: exec: ${JSON.stringify(name)}: `;

  test.each([
    ["a path to nothing", "/bin/absent", "stat /bin/absent: no such file or directory"],
    ["a path through nothing", "/absent/tool", "stat /absent/tool: no such file or directory"],
    ["a dangling link", "/bin/dangling", "stat /bin/dangling: no such file or directory"],
    ["a path through a file", "/bin/text/tool", "stat /bin/text/tool: not a directory"],
    ["a link that leads out of the root", "/bin/escape", "stat /bin/escape: no such file or directory"],
    ["a link to a path of the host", "/bin/host", "stat /bin/host: no such file or directory"],
    ["a file that is no program", "/bin/text", "permission denied"],
    ["a folder", "/bin", "permission denied"],
    ["the root", "/", "permission denied"],
    ["a name that is not in PATH", "absent", "executable file not found in $PATH"],
    ["a name that is no program in PATH", "text", "executable file not found in $PATH"],
    ["a name beginning with a mount's", "/mountedx", "stat /mountedx: no such file or directory"],
    ["a path that is none of the mount's", "/procx/tool", "stat /procx/tool: no such file or directory"],
  ])("%s", async (_, name, fault) => {
    await expect(check(name)).rejects.toThrow(ProcessError);
    await expect(check(name)).rejects.toThrow(
      expect.objectContaining({ code: "PROCESS_FAILED", message: start(name) + fault }),
    );
  });

  test.each<[string, string, Partial<ProgramSearch>]>([
    ["a relative path that is not in the working folder", "deep/tool", { cwd: "/bin" }],
    ["a path beside a mount through a link", "/usr/sbin/tool", { mounts: ["/sbin/init", "/turn/around/x"] }],
    ["a name when PATH is empty", "tool", { env: ["PATH="] }],
    ["a name when PATH leads out of the root", "secret", { env: ["PATH=/..:/../.."] }],
  ])("%s", async (_, name, changes) => {
    await expect(check(name, changes)).rejects.toThrow(
      /no such file or directory|executable file not found in \$PATH/,
    );
  });
});

describe("for a user who is not root", () => {
  const bob = { uid: 1000, overridesAccess: false };
  beforeAll(() => {
    program("rootfs/private/tool");
    program("rootfs/bin/roots-own");
    program("rootfs/bin/group-only");
    fs.chmodSync(join(root, "private"), 0o700);
    fs.chmodSync(join(root, "bin/roots-own"), 0o700);
    fs.chmodSync(join(root, "bin/group-only"), 0o710);
  });

  test.each([
    ["a program of root alone", "/bin/roots-own"],
    ["a program in a folder of root alone", "/private/tool"],
  ])("%s is refused", async (_, name) => {
    await expect(check(name, { user: bob })).rejects.toThrow(/permission denied/);
    expect(await check(name, { user: { uid: 0, overridesAccess: true } })).toBeUndefined();
    expect(await check(name, { user: undefined })).toBeUndefined();
  });

  test("a program that the group or an access list may allow is left to the kernel", async () => {
    expect(await check("/bin/group-only", { user: bob })).toBeUndefined();
  });

  test("the owner's own bits count for the owner", async () => {
    fs.chownSync(join(root, "bin/group-only"), 1000, 1000);
    fs.chmodSync(join(root, "bin/group-only"), 0o677);
    await expect(check("/bin/group-only", { user: bob })).rejects.toThrow(/permission denied/);
  });
});

test("checkProgram never finds what is outside the root, whatever links and dots lead there", async () => {
  const words = fc.constantFrom(
    "..",
    ".",
    "bin",
    "out",
    "parent",
    "escape",
    "host",
    "applets",
    "outside",
    "a",
  );
  const box = fs.mkdtempSync(join(tmpdir(), "runhcs-box-"));
  const inner = join(box, "root");
  fs.mkdirSync(join(inner, "a"), { recursive: true });
  fs.writeFileSync(join(box, "marker-outside"), "", { mode: 0o755 });
  fs.writeFileSync(join(inner, "marker-inside"), "", { mode: 0o755 });
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(words, { maxLength: 6 }),
        fc.array(words, { maxLength: 6 }),
        async (path, target) => {
          fs.rmSync(join(inner, "a/link"), { force: true });
          fs.symlinkSync([...target, "."].join("/"), join(inner, "a/link"));
          for (const way of [path, [...path, "a", "link"], ["a", "link", ...path]]) {
            const name = `/${[...way, "marker-outside"].join("/")}`;
            await expect(check(name, { root: inner, mounts: [] })).rejects.toThrow(/: (no such|not a)/);
          }
        },
      ),
    );
    expect(await check("/../../marker-inside", { root: inner })).toBeUndefined();
  } finally {
    fs.rmSync(box, { recursive: true });
  }
});
