import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
} from "node:fs";
import { realpathSync, rmSync, rmdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import koffi from "koffi";
import { parse } from "lossless-json";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parseCount } from "../../src/hcs/linux/cgroups/cgroup-files.ts";
import { cgroupLayout } from "../../src/hcs/linux/cgroups/cgroup-layout.ts";
import type { CgroupPaths } from "../../src/hcs/linux/cgroups/cgroup-paths.ts";
import { readCgroupPaths } from "../../src/hcs/linux/cgroups/cgroup-paths.ts";
import { isFrozen } from "../../src/hcs/linux/cgroups/freezer.ts";
import { readMetrics } from "../../src/hcs/linux/cgroups/metrics.ts";
import { watchOutOfMemory, type WatchedMachine } from "../../src/hcs/linux/cgroups/oom-notifier.ts";
import { readProcesses } from "../../src/hcs/linux/cgroups/process-list.ts";
import { openHostFiles } from "../../src/hcs/linux/host-files.ts";

const machine = openHostFiles();
const layout = await cgroupLayout(machine);

const canRun = process.getuid?.() === 0 && spawnSync("runc", ["--version"]).status === 0;
const hasV1Memory = canRun && layout.v1["memory"] !== undefined;
const MEMORY_LIMIT = 16 * 1024 * 1024;
const EFD_CLOEXEC = 0o2_000_000;

let folder: string;
let serial = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-cgroups-"));
  if (!canRun) return;
  mkdirSync(join(folder, "rootfs/bin"), { recursive: true });
  copyFileSync("/bin/busybox", join(folder, "rootfs/bin/busybox"));
  for (const applet of ["sh", "dd", "sleep", "tail", "touch"])
    symlinkSync("busybox", join(folder, "rootfs/bin", applet));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function pathsOf(pid: number): Promise<CgroupPaths> {
  const paths = await readCgroupPaths(machine, pid);
  if (paths === undefined) throw new Error(`There is no process ${pid}`);
  return paths;
}

/** Runs runc; `stdio` must be "ignore" when the container keeps its standard streams. */
function runc(args: string[], stdio: "pipe" | "ignore" = "pipe"): string {
  return execFileSync("runc", ["--root", join(folder, "state"), ...args], { encoding: "utf8", stdio }) ?? "";
}

/** Starts a container that is deleted when the running test ends. */
async function startContainer(script: string) {
  const id = `runhcs-cgroups-${process.pid}-${serial++}`;
  const bundle = join(folder, id);
  mkdirSync(bundle);
  runc(["spec", "--bundle", bundle]);
  // The kernel counts a group's transfers only once some limit has been set for the device.
  const disk = diskOf(folder);
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
  config.process.terminal = false;
  config.process.args = ["/bin/sh", "-c", script];
  config.root = { path: join(folder, "rootfs"), readonly: false };
  config.linux.cgroupsPath = `/${id}`;
  config.linux.resources = {
    memory: { limit: MEMORY_LIMIT },
    pids: { limit: 50 },
    cpu: { quota: 80_000, period: 100_000 },
    blockIO: disk && { throttleWriteBpsDevice: [{ ...disk, rate: 1e12 }] },
  };
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  const remove = () => runc(["delete", "--force", id]);
  onTestFinished(() => void remove());
  const pidFile = join(bundle, "pid");
  runc(["run", "-d", "--bundle", bundle, "--pid-file", pidFile, id], "ignore");
  const pid = Number(readFileSync(pidFile, "utf8"));
  return { id, pid, bundle, paths: await pathsOf(pid), remove };
}

/** The whole disk that a folder is on; undefined when it is on none, as with tmpfs and overlay. */
function diskOf(path: string): { major: number; minor: number } | undefined {
  const { dev } = statSync(path);
  const device = `/sys/dev/block/${(dev >> 8) & 0xf_ff}:${(dev & 0xff) | ((dev >> 12) & 0xf_ff_00)}`;
  if (!existsSync(device)) return undefined;
  const disk = existsSync(`${device}/partition`) ? join(realpathSync(device), "..") : device;
  const [major, minor] = readFileSync(`${disk}/dev`, "utf8").split(":").map(Number);
  return major === undefined || minor === undefined ? undefined : { major, minor };
}

async function waitForFile(path: string): Promise<void> {
  await expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true);
}

/** Turns a document into its leaves, such as `cpu.usage.percpu.0` to a number. */
function toLeaves(value: unknown, path = "", leaves = new Map<string, unknown>()): Map<string, unknown> {
  const isBranch = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  if (!isBranch) return leaves.set(path.slice(1), value);
  for (const [key, child] of Object.entries(value)) toLeaves(child, `${path}.${key}`, leaves);
  return leaves;
}

function runcStats(id: string): Map<string, unknown> {
  const event = parse(runc(["events", "--stats", id]), null, {
    parseNumber: (text) => parseCount(text) ?? Number(text),
  });
  expect(event).toMatchObject({ type: "stats", id });
  return toLeaves(event !== null && typeof event === "object" && "data" in event ? event.data : undefined);
}

/** Values that move in an idle container: what the kernel frees, and timers. */
function isCounter(path: string): boolean {
  if (/limit|^cpuset|^pids|^network|^intel|\.(major|minor|op)$/.test(path)) return false;
  return /^(cpu|memory|blkio)\./.test(path);
}

/** Checks that a counter, which is absent while it is 0, was read between two others. */
function expectBetween(value: unknown, bounds: unknown[], path: string): void {
  const numbers = bounds.map((bound) => Number(bound ?? 0));
  expect(Number(value ?? 0), path).toBeGreaterThanOrEqual(Math.min(...numbers) - tolerance(path));
  expect(Number(value ?? 0), path).toBeLessThanOrEqual(Math.max(...numbers) + tolerance(path));
}

/** A millisecond of processor time, a mebibyte where bytes are counted, a few events elsewhere. */
function tolerance(path: string): number {
  if (path.startsWith("cpu.usage")) return 1_000_000;
  return /^memory\.(?!raw\.(total_)?pg)/.test(path) ? 1024 * 1024 : 100;
}

describe.skipIf(!hasV1Memory)("readMetrics on a real container", () => {
  test("agrees with runc's events --stats key by key", async () => {
    const ready = join(folder, "rootfs/ready");
    const container = await startContainer(
      "dd if=/dev/zero of=/dev/shm/held bs=1M count=6; dd if=/dev/zero of=/data bs=64k count=32 oflag=direct; " +
        "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; touch /ready; exec sleep 600",
    );
    await waitForFile(ready);
    await sleep(100);
    const before = toLeaves(await readMetrics(machine, container.paths));
    const theirs = runcStats(container.id);
    const after = toLeaves(await readMetrics(machine, container.paths));

    expect(Number(theirs.get("memory.cache"))).toBeGreaterThan(5 * 1024 * 1024);
    expect(Number(theirs.get("cpu.usage.user"))).toBeGreaterThan(0);
    const hasTransfers = [...theirs.keys()].some((path) =>
      /^blkio\.ioServicedRecursive\.\d+\.value$/.test(path),
    );
    expect(hasTransfers).toBe(diskOf(folder) !== undefined);
    expect(theirs.get("memory.usage.limit")).toBe(MEMORY_LIMIT);
    expect(typeof theirs.get("memory.swap.limit")).toBe("bigint");
    for (const path of new Set([...theirs.keys(), ...after.keys()])) {
      if (isCounter(path)) expectBetween(theirs.get(path), [before.get(path), after.get(path)], path);
      else expect(after.get(path), path).toEqual(theirs.get(path));
    }
  });

  test("throws ENOENT once the container is deleted", async () => {
    const container = await startContainer("exec sleep 600");
    container.remove();
    expect(await readMetrics(machine, container.paths)).toBeUndefined();
    expect(await readProcesses(machine, container.paths)).toBeUndefined();
    expect(await isFrozen(machine, container.paths)).toBe(false);
  });
});

describe.skipIf(!canRun)("readProcesses and isFrozen on a real container", () => {
  test("lists the same processes as runc, and those that have moved to a group below", async () => {
    const container = await startContainer("sleep 600 & sleep 600 & wait");
    await expect.poll(() => readProcesses(machine, container.paths)).toHaveLength(3);
    const pids = (await readProcesses(machine, container.paths)) ?? [];
    expect(pids).toEqual(JSON.parse(runc(["ps", "--format", "json", container.id])).toSorted());
    expect(pids[0]).toBe(container.pid);

    const below = join(container.paths.controllers["pids"] ?? container.paths.unified ?? "", "below");
    mkdirSync(below);
    writeFileSync(join(below, "cgroup.procs"), String(pids[2]));
    expect(await readProcesses(machine, container.paths)).toEqual(pids);
    process.kill(pids[2] ?? 0, "SIGKILL");
    await expect.poll(() => readFileSync(join(below, "cgroup.procs"), "utf8")).toBe("");
    rmdirSync(below);
  });

  test("isFrozen follows runc pause and resume", async () => {
    const container = await startContainer("exec sleep 600");
    expect(await isFrozen(machine, container.paths)).toBe(false);
    runc(["pause", container.id]);
    expect(await isFrozen(machine, container.paths)).toBe(true);
    runc(["resume", container.id]);
    expect(await isFrozen(machine, container.paths)).toBe(false);
  });
});

function openEventFd(): number {
  const eventfd = koffi.load("libc.so.6").func("int eventfd(unsigned int value, int flags)");
  return eventfd(0, EFD_CLOEXEC);
}

function watch(paths: CgroupPaths, own: Partial<WatchedMachine>) {
  const abort = new AbortController();
  const seen = { count: 0 };
  const ended = (async () => {
    for await (const _ of watchOutOfMemory({ ...machine, ...own }, paths, abort.signal)) seen.count++;
  })();
  return { seen, ended, abort };
}

function openEventFds(): number {
  const names = readdirSync("/proc/self/fd");
  return names.filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === "anon_inode:[eventfd]";
    } catch {
      return false;
    }
  }).length;
}

const GREEDY = "while ! [ -e /go ]; do sleep 0.05; done; tail /dev/zero; exec sleep 600";

describe.skipIf(!hasV1Memory).each([
  ["through an eventfd", { openEventFd }],
  ["by polling", {}],
])("watchOutOfMemory %s", (_name, options) => {
  test("tells that the kernel killed a process, and ends when the container is deleted", async () => {
    rmSync(join(folder, "rootfs/go"), { force: true });
    const container = await startContainer(GREEDY);
    const { seen, ended } = watch(container.paths, options);
    await sleep(300);
    expect(seen.count).toBe(0);
    writeFileSync(join(folder, "rootfs/go"), "");
    await expect.poll(() => seen.count, { timeout: 10_000 }).toBeGreaterThanOrEqual(1);
    const told = seen.count;
    container.remove();
    await ended;
    expect(seen.count).toBe(told);
  });

  test("tells of a kill that took the whole container, when the abort follows at once", async () => {
    const container = await startContainer("sleep 0.3; exec tail /dev/zero");
    const { seen, ended, abort } = watch(container.paths, options);
    while ((await readProcesses(machine, container.paths))?.length) await sleep(5);
    abort.abort();
    await ended;
    expect(seen.count).toBeGreaterThanOrEqual(1);
  });

  test("tells nothing of a container that just ends", async () => {
    const container = await startContainer("exec sleep 600");
    const { seen, ended } = watch(container.paths, options);
    await sleep(100);
    container.remove();
    await ended;
    expect(seen.count).toBe(0);
  });

  test("ends at once when aborted, and leaves no descriptor", async () => {
    const container = await startContainer("exec sleep 600");
    const openBefore = openEventFds();
    for (let round = 0; round < 20; round++) {
      const { seen, ended, abort } = watch(container.paths, options);
      await sleep(5);
      abort.abort();
      await ended;
      expect(seen.count).toBe(0);
    }
    expect(openEventFds()).toBe(openBefore);
  });
});

describe.skipIf(!hasV1Memory)("watchOutOfMemory when things go wrong", () => {
  test("polls when no eventfd can be had", async () => {
    rmSync(join(folder, "rootfs/go"), { force: true });
    const container = await startContainer(GREEDY);
    const { seen, ended } = watch(container.paths, {
      openEventFd: () => {
        throw new Error("EMFILE");
      },
    });
    writeFileSync(join(folder, "rootfs/go"), "");
    await expect.poll(() => seen.count, { timeout: 10_000 }).toBeGreaterThanOrEqual(1);
    container.remove();
    await ended;
  });

  test("does not keep a process that calls process.exit", async () => {
    const container = await startContainer("exec sleep 600");
    const entry = `
      import { createRequire } from "node:module";
      import { readCgroupPaths } from ${JSON.stringify(join(process.cwd(), "src/hcs/linux/cgroups/cgroup-paths.ts"))};
      import { watchOutOfMemory } from ${JSON.stringify(join(process.cwd(), "src/hcs/linux/cgroups/oom-notifier.ts"))};
      import { openHostFiles } from ${JSON.stringify(join(process.cwd(), "src/hcs/linux/host-files.ts"))};
      const koffi = createRequire(${JSON.stringify(join(process.cwd(), "package.json"))})("koffi");
      const eventfd = koffi.load("libc.so.6").func("int eventfd(unsigned int value, int flags)");
      const openEventFd = () => eventfd(0, ${EFD_CLOEXEC});
      const abort = new AbortController().signal;
      const machine = { ...openHostFiles(), openEventFd };
      void watchOutOfMemory(machine, await readCgroupPaths(machine, ${container.pid}), abort).next();
      setTimeout(() => process.exit(7), 200);`;
    const outfile = join(folder, "exit.mjs");
    await build({
      stdin: { contents: entry, resolveDir: process.cwd(), loader: "ts" },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
    });
    const { status, signal } = spawnSync(process.execPath, [outfile], {
      timeout: 5000,
      killSignal: "SIGKILL",
    });
    expect({ status, signal }).toEqual({ status: 7, signal: null });
  });
});

describe.skipIf(!canRun || layout.v2 === undefined)("a real cgroup v2 group", () => {
  function makeGroup(): string {
    const directory = join(layout.v2?.mountPoint ?? "", `runhcs-test-${process.pid}-${serial++}`);
    mkdirSync(directory);
    onTestFinished(() => {
      if (existsSync(directory)) rmdirSync(directory);
    });
    return directory;
  }

  test("isFrozen reads its freezer", async () => {
    const unified = makeGroup();
    expect(await isFrozen(machine, { controllers: {}, unified })).toBe(false);
    writeFileSync(join(unified, "cgroup.freeze"), "1");
    expect(await isFrozen(machine, { controllers: {}, unified })).toBe(true);
  });

  test("watchOutOfMemory ends when its last process exits", async () => {
    const unified = makeGroup();
    const container = await startContainer("exec sleep 600");
    writeFileSync(join(unified, "cgroup.procs"), String(container.pid));
    const { seen, ended } = watch({ controllers: {}, unified }, { openEventFd });
    await sleep(100);
    container.remove();
    await ended;
    expect(seen.count).toBe(0);
  });

  test("readMetrics takes processor time and pressure from it", async () => {
    const unified = makeGroup();
    const container = await startContainer("exec sleep 600");
    writeFileSync(join(unified, "cgroup.procs"), String(container.pid));
    const metrics = await readMetrics(machine, { controllers: {}, unified });
    expect(metrics?.pids).toEqual({ current: 1 });
    expect(metrics?.cpu.usage.user).toEqual(expect.any(Number));
    if (existsSync(join(unified, "cpu.pressure"))) {
      expect(metrics?.cpu.psi?.some).toEqual(expect.objectContaining({ avg10: expect.any(Number) }));
    }
  });
});
