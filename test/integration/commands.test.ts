// The commands beside the plain life of a container: limits, events, clean-up, terminals' sizes, refusals.
import * as fs from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/base/lossless-json.ts";
import { readCgroupPaths } from "../../src/hcs/linux/cgroups/cgroup-paths.ts";
import { openHostFiles } from "../../src/hcs/linux/host-files.ts";
import { checkFeatures, checkState } from "../../src/schema/validate.ts";
import { receiveConsole } from "../support/console-receiver.ts";
import { isRunning } from "../support/leftovers.ts";
import type { TestConfig } from "../support/test-bundle.ts";
import { call, eventually, exitCodeOf, useTestHost } from "../support/test-host.ts";

const host = useTestHost("commands");
const ONE_LINE = /^[^\n]+\n$/;

async function stopped(id: string): Promise<void> {
  await eventually(async () => (await host.state(id)).status === "stopped" || undefined);
}

/** Requires that a command fails in one line. @returns that line */
async function refusal(words: readonly string[], options: Parameters<typeof host.runhcs>[1] = {}) {
  const { code, stdout, stderr } = await host.runhcs(words, options);
  expect({ code, stdout }, stderr).toEqual({ code: words.includes("exec") ? 255 : 1, stdout: "" });
  expect(stderr).toMatch(ONE_LINE);
  return stderr;
}

/** A container of one executor, which is killed in the end of the file if not before. */
async function runningWith(executor: string, change?: (config: TestConfig) => void): Promise<string> {
  const id = host.newId();
  const bundle = host.bundle("trap 'exit 0' TERM; while :; do sleep 0.02; done", change);
  await host.ok("--executor", executor, "run", "--detach", "--bundle", bundle, id);
  return id;
}

/** An executor that writes down the words of each call before runc gets them. */
function spyingExecutor(): { path: string; calls: () => string[][] } {
  const folder = host.newPath();
  fs.mkdirSync(folder);
  const [path, log] = [join(folder, "runc-spy"), join(folder, "calls")];
  fs.writeFileSync(path, `#!/bin/sh\necho "$*" >> ${log}\nexec runc "$@"\n`, {
    mode: 0o755,
  });
  const calls = (): string[][] =>
    fs
      .readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" "));
  return { path, calls };
}

describe("gc", () => {
  test("tells with --dry-run, removes without, and keeps what waits for its delete and what is not its own", async () => {
    const [lost, waiting, living] = [await host.running(), await host.running("true"), await host.running()];
    await stopped(waiting);
    const { pid } = await host.state(lost);
    const executor = await call(
      "/usr/bin/crun",
      ["--root", join(host.root, "@crun"), "delete", "--force", lost],
      host.folder,
    );
    expect(executor.code).toBe(0);
    const foreign = join(host.root, "foreign");
    fs.mkdirSync(foreign);
    fs.writeFileSync(join(foreign, "letter"), "precious");

    const told = await host.ok("gc", "--dry-run");
    expect(told).toMatch(new RegExp(`^would remove: .*"${lost}".*\n$`));
    expect(fs.existsSync(join(host.root, "@hcs", lost))).toBe(true);
    expect(await host.ok("gc", "--dry-run")).toBe(told);

    expect(await host.ok("gc")).toBe(told.replaceAll("would remove", "removed"));
    expect(fs.existsSync(join(host.root, "@hcs", lost))).toBe(false);
    expect(isRunning(pid)).toBe(false);
    expect((await host.runhcs(["state", lost])).stderr).toContain("does not exist");
    expect((await host.state(waiting)).status).toBe("stopped");
    expect((await host.state(living)).status).toBe("running");
    expect(fs.readFileSync(join(foreign, "letter"), "utf8")).toBe("precious");
    expect(await host.ok("gc")).toBe("");

    fs.rmSync(foreign, { recursive: true });
    await host.ok("delete", waiting);
    await host.ok("delete", "--force", living);
  });
});

/** Where the control groups of a container's init process are: by v1 controller, and that of v2 if there is one. */
async function groupsOf(pid: number) {
  const paths = await readCgroupPaths(openHostFiles(), pid);
  if (paths === undefined) throw new Error(`There is no process ${pid}`);
  return paths;
}

/** Reads a limit of a container's init process from the file of its kind of control groups. */
async function limit(pid: number, controller: string, v1File: string, v2File = v1File): Promise<string> {
  const { controllers, unified = "" } = await groupsOf(pid);
  const folder = controllers[controller];
  return fs.readFileSync(folder === undefined ? join(unified, v2File) : join(folder, v1File), "utf8").trim();
}

describe.each(["crun", "runc"])("update of a container of %s", (executor) => {
  let id = "";
  let pid = 0;
  const memory = () => limit(pid, "memory", "memory.limit_in_bytes", "memory.max");
  const burst = () => limit(pid, "cpu", "cpu.cfs_burst_us", "cpu.max.burst");
  const quota = async () => (await limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max")).split(" ")[0];

  test("sets what flags say, and leaves the rest", async () => {
    id = await runningWith(executor);
    ({ pid } = await host.state(id));
    const flags = ["--memory", "64m", "--pids-limit", "33", "--cpu-period", "50000", "--cpu-quota", "40000"];
    await host.ok("update", ...flags, "--cpuset-cpus", "0", id);
    expect(await memory()).toBe(String(64 * 1024 * 1024));
    expect(await limit(pid, "pids", "pids.max")).toBe("33");
    expect(await quota()).toBe("40000");
    expect(await limit(pid, "cpuset", "cpuset.cpus")).toBe("0");
    await host.ok("update", "--pids-limit", "44", id);
    expect(await limit(pid, "pids", "pids.max")).toBe("44");
    expect(await memory()).toBe(String(64 * 1024 * 1024));
  });

  test("takes limits from a file and from standard input", async () => {
    const file = host.newPath();
    fs.writeFileSync(file, JSON.stringify({ memory: { limit: 50_331_648 } }));
    await host.ok("update", "--resources", file, id);
    expect(await memory()).toBe("50331648");
    const result = await host.runhcs(["update", "-r", "-", id], { input: '{"memory":{"limit":33554432}}' });
    expect(result).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await memory()).toBe("33554432");
  });

  test("refuses limits that are none, all faults at once", async () => {
    const input = '{"memory":{"limit":"much"},"pids":{"limit":true}}';
    const line = await refusal(["update", "-r", "-", id], { input });
    expect(line).toContain("/memory/limit");
    expect(line).toContain("/pids/limit");
    expect(await refusal(["update", "--resources", "/absent", id])).toContain("/absent");
    expect(await refusal(["update", "--memory", "much", id])).toContain('--memory "much"');
    expect(await memory()).toBe("33554432");
  });

  test("sets a CPU burst, and refuses one that is larger than the quota", async () => {
    await host.ok("update", "--cpu-burst", "20000", id);
    expect(await burst()).toBe("20000");
    expect(await refusal(["update", "--cpu-burst", "90000", id])).toContain("CPU burst");
    expect(await burst()).toBe("20000");
  });

  test.each(["--l3-cache-schema", "--mem-bw-schema"])("refuses %s", async (flag) => {
    expect(await refusal(["update", flag, "L3:0=f", id])).toContain(flag);
    await host.ok("delete", "--force", id);
    id = await runningWith(executor);
  });
});

describe("exec", () => {
  test.each(["crun", "runc"])(
    "--cgroup puts the process into a group below the container's, with %s",
    async (executor) => {
      const id = await runningWith(executor);
      const { controllers, unified } = await groupsOf((await host.state(id)).pid);
      const folders = [...Object.values(controllers), ...(unified === undefined ? [] : [unified])];
      // A CPU set is empty at first, and an empty one takes no process.
      const groups = folders.map((folder) => join(folder, "below"));
      for (const group of groups) fs.mkdirSync(group);
      const cpuset = controllers["cpuset"];
      for (const file of cpuset === undefined ? [] : ["cpuset.cpus", "cpuset.mems"])
        fs.writeFileSync(join(cpuset ?? "", "below", file), fs.readFileSync(join(cpuset ?? "", file)));
      const lines = (await host.ok("exec", "--cgroup", "below", id, "cat", "/proc/self/cgroup"))
        .trimEnd()
        .split("\n");
      expect(lines.filter((line) => !line.endsWith(`/${id}/below`))).toEqual([]);
      expect(lines.length).toBeGreaterThan(0);
      for (const group of groups) fs.rmdirSync(group);
      await host.ok("delete", "--force", id);
    },
  );

  test.each(["crun", "runc"])(
    "--cgroup of a group that is not there is refused, with %s",
    async (executor) => {
      const id = await runningWith(executor);
      expect(await refusal(["exec", "--cgroup", "absent", id, "true"])).toContain("absent");
      await host.ok("delete", "--force", id);
    },
  );

  const hasSelinux = fs.existsSync("/sys/fs/selinux/enforce");
  const hasApparmor = fs.existsSync("/sys/module/apparmor/parameters/enabled");

  test.skipIf(hasSelinux).each(["crun", "runc"])(
    "--process-label is refused without SELinux, with %s",
    async (executor) => {
      const id = await runningWith(executor);
      expect(await refusal(["exec", "--process-label", "system_u:system_r:x_t:s0", id, "true"])).toMatch(
        /selinux/i,
      );
      await host.ok("delete", "--force", id);
    },
  );

  test.skipIf(hasApparmor).each(["crun", "runc"])(
    "--apparmor is refused without AppArmor, with %s",
    async (executor) => {
      const id = await runningWith(executor);
      expect(await refusal(["exec", "--apparmor", "strict", id, "true"])).toMatch(/apparmor/i);
      await host.ok("delete", "--force", id);
    },
  );

  test("--ignore-paused is refused by crun", async () => {
    const id = await runningWith("crun");
    await host.ok("pause", id);
    const line = await refusal(["exec", "--ignore-paused", id, "true"]);
    expect(line).toContain("paused");
    expect(line).toContain("crun");
    await host.ok("delete", "--force", id);
  });

  test("--ignore-paused lets runc start a process that goes on when the container does", async () => {
    const id = await runningWith("runc");
    await host.ok("pause", id);
    const ended = host.runhcs(["exec", "--ignore-paused", id, "sh", "-c", "echo went on; exit 3"]);
    const first = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 300, "waits"))]);
    expect(first).toBe("waits");
    await host.ok("resume", id);
    expect(await ended).toEqual({ code: 3, stdout: "went on\n", stderr: "" });
    await host.ok("delete", "--force", id);
  });
});

describe("run hands to the executor", () => {
  test.each(["--no-pivot", "--no-new-keyring"])("%s", async (flag) => {
    const { path, calls } = spyingExecutor();
    for (const flags of [[flag], []]) {
      const words = ["--executor", path, "run", ...flags, "--bundle", host.bundle("echo ran"), host.newId()];
      expect(await host.ok(...words)).toBe("ran\n");
    }
    const runs = calls().filter((words) => words.includes("run"));
    expect(runs.map((words) => words.includes(flag))).toEqual([true, false]);
  });

  test.each(["--no-pivot", "--no-new-keyring"])("%s, which runc takes too", async (flag) => {
    const words = ["--executor", "runc", "run", flag, "--bundle", host.bundle("echo ran"), host.newId()];
    expect(await host.ok(...words)).toBe("ran\n");
  });
});

describe("checkpoint and restore with crun are refused with what they need", () => {
  test("of a container", async () => {
    const id = await runningWith("crun");
    const line = await refusal(["checkpoint", "--image-path", host.newPath(), id]);
    expect(line).toContain("runc");
    expect(line).toContain("criu");
    expect((await host.state(id)).status).toBe("running");
    await host.ok("delete", "--force", id);
  });

  test("and nothing of the restored one stays", async () => {
    const id = host.newId();
    const bundle = host.bundle("true");
    const line = await refusal([
      "--executor",
      "crun",
      "restore",
      "--image-path",
      host.newPath(),
      "-b",
      bundle,
      id,
    ]);
    expect(line).toContain("runc");
    expect(line).toContain("criu");
    expect((await host.runhcs(["state", id])).stderr).toContain("does not exist");
  });
});

describe("resize-tty", () => {
  const showSize = (file: string): string => `while :; do stty size > /out/${file}; sleep 0.05; done`;
  const shown = (file: string, size: string) =>
    eventually(() => host.readOut(file) === `${size}\n` || undefined);

  test("sets the size of the container's terminal, and with --pid that of a further process", async () => {
    const [socket, execSocket, pidFile, id] = [host.newPath(), host.newPath(), host.newPath(), host.newId()];
    const receivers = [await receiveConsole(socket), await receiveConsole(execSocket)];
    const bundle = host.bundle(showSize("size"), (config) => {
      config.process.terminal = true;
    });
    await host.ok("run", "--detach", "--bundle", bundle, "--console-socket", socket, id);
    await host.ok("resize-tty", id, "120", "40");
    await shown("size", "40 120");

    const words = ["--tty", "--detach", "--console-socket", execSocket, "--pid-file", pidFile, id];
    await host.ok("exec", ...words, "sh", "-c", showSize("exec-size"));
    await host.ok("resize-tty", "--pid", fs.readFileSync(pidFile, "utf8"), id, "99", "11");
    await shown("exec-size", "11 99");
    await shown("size", "40 120");

    const ends = receivers.map(({ process }) => exitCodeOf(process));
    await host.ok("delete", "--force", id);
    expect(await Promise.all(ends)).toEqual([0, 0]);
  });

  test("is refused without a terminal, for a process of another container and for no size", async () => {
    const id = await host.running();
    expect(await refusal(["resize-tty", id, "80", "25"])).toContain("terminal");
    expect(await refusal(["resize-tty", "--pid", String(process.pid), id, "80", "25"])).toContain(
      "no such process",
    );
    for (const size of ["0", "65536", "wide", "-1"]) await refusal(["resize-tty", id, size, "25"]);
    await refusal(["resize-tty", id, "80"]);
    await host.ok("kill", id, "KILL");
    await stopped(id);
    expect(await refusal(["resize-tty", id, "80", "25"])).toContain(
      `Cannot resize container "${id}": container not running`,
    );
    await host.ok("delete", "--force", id);
  });
});

/** Parses lines of JSON. */
function events(text: string): { type: string; id: string; data?: Record<string, object> }[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("events", () => {
  test("--stats shows the usage once, in the shape that engines read", async () => {
    const id = await host.running();
    const text = await host.ok("events", "--stats", id);
    expect(text).toMatch(ONE_LINE);
    expect(JSON.parse(text)).toEqual({
      type: "stats",
      id,
      data: expect.objectContaining({
        cpu: expect.objectContaining({ usage: expect.objectContaining({ total: expect.any(Number) }) }),
        memory: expect.objectContaining({
          usage: expect.objectContaining({ limit: expect.any(Number), usage: expect.any(Number) }),
          raw: expect.any(Object),
        }),
        pids: expect.objectContaining({ current: expect.any(Number) }),
        blkio: expect.any(Object),
        hugetlb: expect.any(Object),
        intel_rdt: {},
      }),
    });
    await host.ok("delete", "--force", id);
  });

  test("follows the usage at an interval, and ends with the container", async () => {
    const id = await host.running();
    const follows = host.runhcs(["events", "--interval", "200ms", id]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await host.ok("kill", id, "KILL");
    const { code, stdout, stderr } = await follows;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const found = events(stdout);
    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(found.length).toBeLessThanOrEqual(8);
    expect(found.every((event) => event.type === "stats" && event.id === id)).toBe(true);
    await host.ok("delete", id);
  });

  test("tells once that the kernel has killed for want of memory", async () => {
    const script =
      "until [ -e /out/greedy ]; do sleep 0.05; done; tail /dev/zero; while :; do sleep 0.05; done";
    const id = await host.running(script, (config) => {
      config.linux.resources = { memory: { limit: 16 * 1024 * 1024 } };
    });
    const child = host.start(["events", "--interval", "1h", id]);
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => void (output += chunk.toString()));
    await eventually(() => output.includes("stats") || undefined);
    fs.writeFileSync(join(host.rootfs, "out/greedy"), "");
    await eventually(() => output.includes("oom") || undefined);
    await host.ok("kill", id, "KILL");
    expect(await exitCodeOf(child)).toBe(0);
    expect(events(output).filter(({ type }) => type === "oom")).toEqual([{ type: "oom", id }]);
    await host.ok("delete", id);
  });

  test.each(["0s", "-1s", "soon", "5"])("refuses the interval %s", async (interval) => {
    await refusal(["events", `--interval=${interval}`, host.newId()]);
  });
});

describe("what engines parse fits its schema:", () => {
  test("features", async () => {
    const { value, faults } = checkFeatures(parseJson(await host.ok("features")));
    expect(faults).toEqual([]);
    expect(value?.linux?.namespaces).toContain("mount");
  });

  test("state, as long as the container exists", async () => {
    const id = host.newId();
    const bundle = host.bundle("true", (config) => {
      config.annotations = { "org.example": "x" };
    });
    await host.ok("create", "--bundle", bundle, id);
    for (const step of ["", "start"]) {
      if (step !== "") await host.ok(step, id);
      if (step !== "") await stopped(id);
      expect(checkState(parseJson(await host.ok("state", id))).faults).toEqual([]);
    }
    await host.ok("delete", id);
  });
});

describe("spec", () => {
  test("writes a configuration that runs, and overwrites none", async () => {
    const folder = host.newPath();
    fs.mkdirSync(folder);
    await host.ok("spec", "--bundle", folder);
    const path = join(folder, "config.json");
    const written = fs.readFileSync(path, "utf8");
    expect(await refusal(["spec", "--bundle", folder])).toContain(path);
    expect(fs.readFileSync(path, "utf8")).toBe(written);
    const config = JSON.parse(written);
    fs.writeFileSync(
      path,
      JSON.stringify({
        ...config,
        root: { ...config.root, path: host.rootfs },
        process: { ...config.process, args: ["echo", "from spec"], terminal: false },
      }),
    );
    expect(await host.ok("run", "--bundle", folder, host.newId())).toBe("from spec\n");
  });

  test("--document prints the document of a bundle, and its integers digit for digit", async () => {
    const folder = host.newPath();
    fs.mkdirSync(folder);
    const unquoted = { ociVersion: "1.0.2", root: { path: host.rootfs }, linux: { resources: "RESOURCES" } };
    const resources = '{"memory":{"limit":9223372036854771713,"swap":9223372036854775807}}';
    const process =
      '{"cwd":"/","args":["true"],"rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":9007199254740993}]}';
    const text = JSON.stringify({ ...unquoted, process: "PROCESS" });
    fs.writeFileSync(
      join(folder, "config.json"),
      text.replace('"RESOURCES"', resources).replace('"PROCESS"', process),
    );
    const document = await host.ok("spec", "--document", "--bundle", folder);
    expect(JSON.parse(document)).toMatchObject({
      SchemaVersion: { Major: 2 },
      OciBundlePath: folder,
      OciSpecification: { ociVersion: "1.0.2", root: { path: host.rootfs } },
    });
    for (const digits of [
      "9223372036854771713",
      "9223372036854775807",
      "18446744073709551615",
      "9007199254740993",
    ])
      expect(document).toMatch(new RegExp(`: ${digits},?\n`));
  });
});

describe("hypervisor isolation is refused", () => {
  const bundle = (isolation?: string) =>
    host.bundle("true", (config) => {
      if (isolation !== undefined) config.annotations = { "io.runhcs.isolation": isolation };
    });

  test.each<[string, string[], NodeJS.ProcessEnv, string | undefined]>([
    ["the flag", ["--isolation", "hypervisor"], {}, undefined],
    ["the variable", [], { RUNHCS_ISOLATION: "hypervisor" }, undefined],
    ["the bundle", [], {}, "hypervisor"],
  ])("when %s asks for it", async (_, flags, env, annotation) => {
    for (const command of ["create", "run"]) {
      const id = host.newId();
      const line = await refusal([...flags, command, "--bundle", bundle(annotation), id], {
        env: { ...process.env, ...env },
      });
      expect(line).toContain("hypervisor isolation");
      expect((await host.runhcs(["state", id])).stderr).toContain("does not exist");
    }
  });

  test("but a flag for process isolation outdoes the variable and the bundle", async () => {
    const env = { ...process.env, RUNHCS_ISOLATION: "hypervisor" };
    const words = ["--isolation", "process", "run", "--bundle", bundle("hypervisor"), host.newId()];
    expect(await host.runhcs(words, { env })).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("as is one that nobody knows", async () => {
    await refusal(["--isolation", "strong", "create", "--bundle", bundle(), host.newId()]);
    await refusal(["create", "--bundle", bundle("strong"), host.newId()]);
  });
});

test("RUNHCS_EXECUTOR chooses the executor, which is remembered with the container", async () => {
  const id = host.newId();
  const words = ["run", "--detach", "--bundle", host.bundle("while :; do sleep 0.02; done"), id];
  const env = { ...process.env, RUNHCS_EXECUTOR: "runc" };
  expect(await host.runhcs(words, { env })).toEqual({ code: 0, stdout: "", stderr: "" });
  const record = JSON.parse(fs.readFileSync(join(host.root, "@hcs", id, "system.json"), "utf8"));
  expect(record.executor).toMatchObject({ name: "runc" });
  expect(basename(record.executor.path)).toBe("runc");
  expect(fs.existsSync(join(host.root, "@runc", id))).toBe(true);
  expect(await host.ok("exec", id, "echo", "served")).toBe("served\n");
  await host.ok("pause", id);
  expect((await host.state(id)).status).toBe("paused");
  await host.ok("delete", "--force", id);
});

test("an executor may be a script", async () => {
  const path = join(host.newPath(), "crun");
  fs.mkdirSync(join(path, ".."));
  fs.writeFileSync(path, '#!/bin/sh\nexec /usr/bin/crun "$@"\n', { mode: 0o755 });
  const words = ["--executor", path, "run", "--bundle", host.bundle("echo served"), host.newId()];
  expect(await host.runhcs(words)).toEqual({ code: 0, stdout: "served\n", stderr: "" });
});

describe("a flag that cannot be honoured is refused with its reason:", () => {
  const flags = [
    "--pidfd-socket=/x",
    "--shim-log=/x",
    "--vm-log=/x",
    "--vm-console=/x",
    "--host=web",
    "--keep",
  ];
  const ofCommand: Record<string, string[]> = {
    create: flags.slice(0, 5),
    run: flags,
    restore: flags.slice(0, 5),
    exec: flags.slice(0, 2),
  };
  const cases = Object.entries(ofCommand).flatMap(([command, all]) =>
    all.map((flag) => [command, flag] as const),
  );
  test.each(cases)("%s %s", async (command, flag) => {
    const id = host.newId();
    const line = await refusal([command, flag, id, ...(command === "exec" ? ["true"] : [])]);
    const [name = ""] = flag.split("=");
    expect(line).toMatch(new RegExp(`^Cannot use ${name}: \\S.*\n$`));
    expect((await host.runhcs(["state", id])).stderr).toContain("does not exist");
  });
});
