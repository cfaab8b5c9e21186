// Bad input and bad luck: a one-line error, exit code 1, and nothing left behind.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { TestConfig } from "../support/test-bundle.ts";
import { call, RUN_JS, RUNHCS, UNTIL_KILLED, useTestHost, type CallResult } from "../support/test-host.ts";

const host = useTestHost("hostile");

/** Everything in the state folder that belongs to a container. */
function stateOf(root: string): string[] {
  if (!fs.existsSync(root)) return [];
  return fs
    .readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => !/^@(hcs|crun|runc|executor\.json)$/.test(name));
}

function expectOneLine({ code, stdout, stderr }: CallResult, message: RegExp): void {
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^[^\n]{1,4000}\n$/);
  expect(stderr).not.toMatch(/^\s+at |TypeError|unreachable/);
  expect(stderr).toMatch(message);
}

describe("a state folder is refused that is", () => {
  test.each(["/", "//", "/.", "/run/.."])("the root, as %s", async (root) => {
    for (const command of [["list"], ["delete", "--force", "x"], ["create", "x"]]) {
      const result = await call(RUNHCS, ["--root", root, ...command], host.folder);
      expectOneLine(result, /^Option --root argument should not be set to \/\n$/);
    }
  });

  test("a file", async () => {
    const root = host.newPath();
    fs.writeFileSync(root, "precious");
    const result = await call(
      RUNHCS,
      ["--root", root, "create", "-b", host.bundle("true"), "x"],
      host.folder,
    );
    expectOneLine(result, /^Cannot keep the state of container "x" in /);
    expect(fs.readFileSync(root, "utf8")).toBe("precious");
  });
});

describe("an id is refused", () => {
  const ids = [
    "",
    ".",
    "..",
    "a/b",
    "../x",
    "/etc",
    "a\nb",
    "a\u0000b".slice(0, 1) + " b",
    "é",
    "@hcs",
    "a".repeat(300),
    "a b",
    "a:b",
    "$(x)",
  ];
  test.each(ids)("that is %j", async (id) => {
    const before = stateOf(host.root);
    const bundle = host.bundle("true");
    for (const line of [
      ["create", "-b", bundle],
      ["run", "-b", bundle],
      ["state"],
      ["kill"],
      ["delete"],
      ["delete", "--force"],
      ["start"],
    ]) {
      expectOneLine(
        await host.runhcs([...line, id]),
        /^Cannot use the container id: .*empty|invalid container ID format/,
      );
    }
    expect(stateOf(host.root)).toEqual(before);
  });
});

describe("an id is taken", () => {
  test.each(["a".repeat(200), "A_b+c.d-e", "0", "constructor", "__proto__"])("that is %j", async (name) => {
    const id = name.length > 100 ? `${host.newId()}-${name}` : name;
    const root = host.newPath();
    const ok = async (...words: string[]) => {
      const { code, stdout, stderr } = await call(RUNHCS, ["--root", root, ...words], host.folder);
      expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: "" });
      return stdout;
    };
    // The control group is named after the file's other containers, so that it is found when it stays.
    const bundle = host.bundle(UNTIL_KILLED, (config) => (config.linux.cgroupsPath = `/${host.newId()}`));
    await ok("create", "-b", bundle, id);
    expect((await ok("list", "-q")).trimEnd()).toBe(id);
    await ok("start", id);
    await ok("exec", id, "true");
    await ok("delete", "--force", id);
    expect(stateOf(root)).toEqual([]);
  });

  test.each(["..a", ".a"])("that begins with a dot, which names no key of the kernel, %j", async (id) => {
    const root = host.newPath();
    const bundle = host.bundle(UNTIL_KILLED, (config) => (config.linux.cgroupsPath = `/${host.newId()}`));
    const ok = async (...words: string[]) => {
      const { code, stdout, stderr } = await call(RUNHCS, ["--root", root, ...words], host.folder);
      expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: "" });
      return stdout;
    };
    await ok("create", "--no-new-keyring", "-b", bundle, id);
    expect(await ok("list", "-q")).toBe(`${id}\n`);
    await ok("delete", "--force", id);
    expect(stateOf(root)).toEqual([]);
  });

  test.each(["-a", "--force", "-"])("that looks like a flag, %j, behind --", async (id) => {
    const root = host.newPath();
    const bundle = host.bundle(UNTIL_KILLED, (config) => (config.linux.cgroupsPath = `/${host.newId()}`));
    for (const words of [["create", "-b", bundle], ["start"], ["state"], ["delete", "--force"]]) {
      const { code, stderr } = await call(RUNHCS, ["--root", root, ...words, "--", id], host.folder);
      expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: "" });
    }
    expect(stateOf(root)).toEqual([]);
  });
});

describe("a bundle is refused", () => {
  function withText(text: string | Buffer): string {
    const folder = host.newPath();
    fs.mkdirSync(folder);
    fs.writeFileSync(join(folder, "config.json"), text);
    return folder;
  }
  const folders: [string, () => string, RegExp][] = [
    ["that does not exist", () => host.newPath(), /config\.json not found/],
    ["that is a file", () => join(host.bundle("true"), "config.json"), /config\.json not found/],
    ["without a configuration", () => host.folder, /config\.json not found/],
    ["of 50 MB", () => withText(Buffer.alloc(50_000_000, "[")), /50000000 bytes/],
    [
      "of random bytes",
      () => withText(Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 256))),
      /config\.json is not/,
    ],
    ["that is empty", () => withText(""), /is not JSON/],
    ["that nests deeply", () => withText("[".repeat(500_000)), /nests deeper than/],
    [
      "that nests deeply in a string's shape",
      () => withText(`{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`),
      /nests deeper than/,
    ],
    ["that is a list", () => withText("[]"), /must be an object/],
    ["that is null", () => withText("null"), /must be an object/],
    [
      "with many faults, in one line",
      () => withText(JSON.stringify({ process: { args: [1, 2], cwd: "x" } })),
      /faults: .*\/ociVersion.*\/process\/args\/0/,
    ],
    [
      "whose configuration is a folder",
      () => {
        const folder = host.newPath();
        fs.mkdirSync(join(folder, "config.json"), { recursive: true });
        return folder;
      },
      /is not a regular file/,
    ],
    [
      "whose configuration is a fifo",
      () => {
        const folder = host.newPath();
        fs.mkdirSync(folder);
        execFileSync("mkfifo", [join(folder, "config.json")]);
        return folder;
      },
      /is not a regular file/,
    ],
    [
      "whose configuration is a loop of links",
      () => {
        const folder = host.newPath();
        fs.mkdirSync(folder);
        fs.symlinkSync("config.json", join(folder, "config.json"));
        return folder;
      },
      /cannot be opened: ELOOP/,
    ],
    [
      "whose root file system is missing",
      () => host.bundle("true", (config) => (config.root.path = "absent")),
      /\/root\/path/,
    ],
  ];
  test.each(folders)("%s", async (_, make, message) => {
    const bundle = make();
    for (const command of ["create", "run"]) {
      const id = host.newId();
      expectOneLine(await host.runhcs([command, "--bundle", bundle, id]), message);
      expect(stateOf(host.root).filter((name) => name.includes(id))).toEqual([]);
    }
  });

  test("on Node with the same words", async () => {
    const bundle = withText('{"ociVersion": 1}');
    const words = ["--root", host.root, "create", "--bundle", bundle, host.newId()];
    const [executable, node] = [
      await call(RUNHCS, words, host.folder),
      await call(process.execPath, [RUN_JS, ...words], host.folder),
    ];
    expect(node).toEqual(executable);
  });
});

describe.each(["crun", "runc"])(
  "a container that %s cannot make is told in one line, and nothing stays of it:",
  (executor) => {
    test.each<[string, (config: TestConfig) => void]>([
      [
        "a file system that does not exist",
        (config) => config.mounts.push({ destination: "/x", type: "nosuchfs", source: "x" }),
      ],
      [
        "a source that does not exist",
        (config) =>
          config.mounts.push({ destination: "/x", type: "bind", source: "/no/such", options: ["bind"] }),
      ],
      [
        "a namespace that does not exist",
        (config) => config.linux.namespaces?.push({ type: "network", path: "/no/such" }),
      ],
      ["a limit that the kernel refuses", (config) => (config.linux.resources = { memory: { limit: 1 } })],
    ])("%s", async (_, change) => {
      for (const command of ["create", "run"]) {
        const [id, log] = [host.newId(), host.newPath()];
        const globals = ["--executor", executor, "--log", log, "--log-format", "json"];
        const result = await host.runhcs([...globals, command, "-b", host.bundle("true", change), id]);
        expectOneLine(result, /./);
        const record: unknown = JSON.parse(fs.readFileSync(log, "utf8"));
        expect(record).toMatchObject({
          level: "error",
          msg: expect.stringMatching(/^Cannot (create|run) container/),
        });
        expect(stateOf(host.root).filter((name) => name.includes(id))).toEqual([]);
      }
    });
  },
);

describe("state that is", () => {
  const damages: [string, (id: string) => void][] = [
    ["cut short", (id) => truncate(join(host.root, id, "state.json"))],
    ["empty", (id) => fs.writeFileSync(join(host.root, id, "state.json"), "")],
    ["missing", (id) => fs.rmSync(join(host.root, id, "state.json"))],
    [
      "random",
      (id) => fs.writeFileSync(join(host.root, id, "state.json"), Buffer.from([0, 255, 10, 34, 128])),
    ],
    [
      "another program's",
      (id) => fs.writeFileSync(join(host.root, id, "state.json"), '{"init_process_pid":1}'),
    ],
    [
      "a folder",
      (id) => {
        fs.rmSync(join(host.root, id, "state.json"));
        fs.mkdirSync(join(host.root, id, "state.json"));
      },
    ],
  ];
  test.each(damages)(
    "%s fails state in one line, spoils no list, and is removed by delete --force",
    async (_, damage) => {
      const [id, other] = [await host.running(), await host.running()];
      damage(id);
      expectOneLine(await host.runhcs(["state", id]), /state\.json|EISDIR/);
      expectOneLine(await host.runhcs(["kill", id, "9"]), /state\.json|EISDIR/);
      expectOneLine(await host.runhcs(["delete", id]), /state\.json|EISDIR/);
      const list = await host.runhcs(["list"]);
      expect(list.stdout).toMatch(new RegExp(`^${other} .*running`, "m"));
      expect(list.stdout).not.toMatch(new RegExp(`^${id} `, "m"));
      expect(list.stderr).toMatch(/^[^\n]+\n$/);
      expect(list.code).toBe(0);
      await host.ok("delete", "--force", id);
      await host.ok("delete", "--force", other);
      expect(stateOf(host.root).filter((name) => name.includes(id))).toEqual([]);
    },
  );

  const hidden: [string, (id: string) => void][] = [
    ["the service's record, cut short", (id) => truncate(join(host.root, "@hcs", id, "system.json"))],
    ["the service's record, missing", (id) => fs.rmSync(join(host.root, "@hcs", id, "system.json"))],
    ["the lock, missing", (id) => fs.rmSync(join(host.root, id, "lock"))],
    ["the configuration, missing", (id) => fs.rmSync(join(host.root, id, "config.json"))],
    ["the configuration, cut short", (id) => truncate(join(host.root, id, "config.json"))],
    ["the decision on the executor, cut short", () => truncate(join(host.root, "@executor.json"))],
  ];
  test.each(hidden)("%s does not keep the container from being seen and removed", async (_, damage) => {
    const id = await host.running();
    damage(id);
    expect((await host.state(id)).status).toBe("running");
    const exec = await host.runhcs(["exec", id, "true"]);
    if (exec.code !== 0)
      expect(exec).toEqual({ code: 255, stdout: "", stderr: expect.stringMatching(/^[^\n]+\n$/) });
    await host.ok("delete", "--force", id);
  });

  test.each(["crun", "runc"])(
    "%s's own record, cut short, does not keep the container from being removed",
    async (executor) => {
      const id = host.newId();
      await host.ok("--executor", executor, "run", "-d", "-b", host.bundle(UNTIL_KILLED), id);
      const { pid } = await host.state(id);
      truncate(join(host.root, `@${executor}`, id, executor === "crun" ? "status" : "state.json"));
      expect(await host.runhcs(["state", id])).toMatchObject({ code: 0 });
      await host.ok("delete", "--force", id);
      expect(stateOf(host.root).filter((name) => name.includes(id))).toEqual([]);
      expect(fs.existsSync(`/proc/${pid}/root/bin/busybox`)).toBe(false);
    },
  );
});

function truncate(path: string): void {
  fs.truncateSync(path, Math.floor(fs.statSync(path).size / 2));
}

describe("a disk", () => {
  /** Mounts a small file system as state folder. */
  async function withSmallDisk(options: string, act: (root: string) => Promise<void>): Promise<void> {
    const root = host.newPath();
    fs.mkdirSync(root);
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "small", root]);
    try {
      await act(root);
    } finally {
      execFileSync("umount", [root]);
    }
  }

  async function createAndDelete(root: string, succeeds: boolean): Promise<void> {
    const id = host.newId();
    const runhcs = (...words: string[]) => call(RUNHCS, ["--root", root, ...words], host.folder);
    const result = await runhcs("create", "-b", host.bundle(UNTIL_KILLED), id);
    if (!succeeds)
      return expectOneLine(result, /^Cannot keep the state of container "[^"]+" in "[^"]+": ENOSPC/);
    expect(result).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await runhcs("delete", "--force", id)).toMatchObject({ code: 0 });
  }

  test("that is full fails the create in one line, wherever it gets full, and nothing stays", async () => {
    for (const free of [0, 4096, 20480, 122_880, 196_608]) {
      await withSmallDisk("size=256k", async (root) => {
        fs.writeFileSync(join(root, "@fill"), Buffer.alloc(262_144 - free));
        await createAndDelete(root, free > 131_072);
        expect(stateOf(root)).toEqual(["@fill"]);
      });
    }
  });

  test("that is full of files fails the create too", async () => {
    for (const inodes of [2, 10, 30, 60]) {
      await withSmallDisk(`nr_inodes=${inodes}`, async (root) => {
        await createAndDelete(root, inodes > 40);
        expect(stateOf(root)).toEqual([]);
      });
    }
  });

  test("that is read-only fails the create in one line", async () => {
    await withSmallDisk("ro", async (root) => {
      const result = await call(
        RUNHCS,
        ["--root", root, "create", "-b", host.bundle("true"), host.newId()],
        host.folder,
      );
      expectOneLine(result, /EROFS/);
    });
  });

  test("that gets full later does not keep containers from being deleted", async () => {
    await withSmallDisk("size=256k", async (root) => {
      const id = host.newId();
      const runhcs = (...words: string[]) => call(RUNHCS, ["--root", root, ...words], host.folder);
      expect(await runhcs("run", "-d", "-b", host.bundle(UNTIL_KILLED), id)).toMatchObject({ code: 0 });
      try {
        fs.writeFileSync(join(root, "@fill"), Buffer.alloc(300_000));
      } catch {
        // As far as it goes.
      }
      expect(await runhcs("state", id)).toMatchObject({ code: 0, stderr: "" });
      expect(await runhcs("kill", id, "9")).toMatchObject({ code: 0, stderr: "" });
      expect(await runhcs("delete", "--force", id)).toEqual({ code: 0, stdout: "", stderr: "" });
    });
  });
});

test("a log that cannot be written is told beside the failure, and fails nothing", async () => {
  const id = await host.running();
  expect(await host.runhcs(["--log", "/no/such/log", "state", id])).toMatchObject({ code: 0, stderr: "" });
  const { code, stderr } = await host.runhcs(["--log", "/no/such/log", "state", host.newId()]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^container "[^"]+" does not exist; the log "\/no\/such\/log" cannot be written: ENOENT[^\n]*\n$/,
  );
  await host.ok("delete", "--force", id);
});

describe("a line that cannot be understood is told in one line, in the log too:", () => {
  test.each<[string, string[], number, RegExp]>([
    ["an unknown command", ["craete", "x"], 1, /there is no such command, did you mean "create"\?$/],
    ["an unknown flag", ["state", "--nonsense", "x"], 1, /unknown flag --nonsense$/],
    ["a missing argument", ["state"], 1, /missing id$/],
    ["too many arguments", ["state", "a", "b"], 1, /unexpected argument: b$/],
    [
      "a flag without its value",
      ["create", "x", "--bundle"],
      1,
      /^Cannot read the flag --bundle: it expects a value$/,
    ],
    ["a number that is none", ["create", "--preserve-fds", "many", "x"], 1, /--preserve-fds/],
    ["a negative number", ["create", "--preserve-fds", "-1", "x"], 1, /-1$/],
    [
      "a switch set to nonsense",
      ["delete", "--force=perhaps", "x"],
      1,
      /^Cannot set the switch --force to "perhaps"/,
    ],
    [
      "an isolation that nobody knows",
      ["--isolation", "none", "create", "-b", "BUNDLE", "x"],
      1,
      /^Cannot use --isolation "none"/,
    ],
    [
      "an isolation that does not exist yet",
      ["--isolation", "hypervisor", "create", "-b", "BUNDLE", "x"],
      1,
      /hypervisor isolation does not exist/,
    ],
    [
      "an executor of another kind",
      ["--executor", "/bin/true", "create", "-b", "BUNDLE", "x"],
      1,
      /^Cannot use "\/bin\/true" as the executor/,
    ],
    [
      "an executor that is not there",
      ["--executor", "/no/crun", "create", "-b", "BUNDLE", "x"],
      1,
      /^Cannot find the OCI executor/,
    ],
    ["a rootless mode that nobody knows", ["--rootless", "perhaps", "list"], 1, /rootless/],
    [
      "a flag that this host cannot serve",
      ["create", "--vm-log", "x", "-b", "BUNDLE", "x"],
      1,
      /^Cannot use --vm-log: /,
    ],
    ["a format that nobody knows", ["list", "--format", "yaml"], 1, /format/],
    ["an unknown flag of exec", ["exec", "--nonsense", "x", "true"], 255, /unknown flag --nonsense$/],
    ["a long line without a break", ["state", `x${"y".repeat(150)}`], 1, /does not exist$/],
  ])("%s", async (_, words, expected, message) => {
    const log = host.newPath();
    const bundle = host.bundle("true");
    const line = words.map((word) => (word === "BUNDLE" ? bundle : word));
    const { code, stdout, stderr } = await host.runhcs(["--log", log, "--log-format", "json", ...line]);
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr.trimEnd()).toMatch(message);
    const record: unknown = JSON.parse(fs.readFileSync(log, "utf8"));
    expect(record).toEqual({ level: "error", msg: stderr.trimEnd(), time: expect.any(String) });
  });
});

test("a folder that runhcs is started in cannot change it: no file there is executed or read as its settings", async () => {
  const cwd = host.newPath();
  fs.mkdirSync(cwd);
  const files = {
    "bunfig.toml": 'preload = ["./preload.js"]\n',
    ".env": "RUNHCS_ISOLATION=nonsense\n",
    "package.json": '{"imports": {"#x": "./preload.js"}}',
    "tsconfig.json": '{"compilerOptions": {"paths": {"*": ["./preload.js"]}}}',
    "preload.js": 'console.log("preloaded")',
  };
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(join(cwd, name), text);
  const words = ["--root", host.root, "run", "--bundle", host.bundle("echo ran"), host.newId()];
  for (const [program, ...script] of [[RUNHCS], [process.execPath, RUN_JS]] as const) {
    const result = await call(program, [...script, ...words], host.folder, { cwd });
    expect(result).toEqual({ code: 0, stdout: "ran\n", stderr: "" });
  }
});

test("variables that steer Bun do not make it anything else than runhcs", async () => {
  const preload = host.newPath();
  fs.writeFileSync(preload, 'console.log("preloaded")');
  for (const env of [{ BUN_BE_BUN: "1" }, { BUN_OPTIONS: `--preload ${preload}` }]) {
    const { code, stdout } = await call(RUNHCS, ["--version"], host.folder, { env });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^runhcs version /)]);
  }
});
