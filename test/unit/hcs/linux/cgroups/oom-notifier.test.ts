import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { CgroupPaths } from "../../../../../src/hcs/linux/cgroups/cgroup-paths.ts";
import { watchOutOfMemory, type WatchedMachine } from "../../../../../src/hcs/linux/cgroups/oom-notifier.ts";
import { openHostFiles } from "../../../../../src/hcs/linux/host-files.ts";
import { hostMachine } from "../test-machine.ts";
import { makeCgroupFolder } from "./cgroup-folder.ts";

/** Runs a notifier to its end. */
function start(paths: CgroupPaths, abort: AbortSignal, machine: WatchedMachine = hostMachine()) {
  const seen = { count: 0 };
  const ended = (async () => {
    for await (const _ of watchOutOfMemory(machine, paths, abort)) seen.count++;
  })();
  return { seen, ended };
}

const events = (kills: number) => `low 0\nhigh 0\nmax 5\noom ${kills}\noom_kill ${kills}\n`;

describe("watchOutOfMemory on cgroup v2", () => {
  test("tells each rise of oom_kill, and nothing else, until it is aborted", async () => {
    const unified = makeCgroupFolder({
      "memory.events": events(2),
      "cgroup.events": "populated 1\nfrozen 0\n",
    });
    const abort = new AbortController();
    const { seen, ended } = start({ controllers: {}, unified }, abort.signal);
    await sleep(50);
    writeFileSync(join(unified, "cgroup.events"), "populated 1\nfrozen 1\n");
    await sleep(50);
    expect(seen.count).toBe(0);
    writeFileSync(join(unified, "memory.events"), events(3));
    await expect.poll(() => seen.count).toBe(1);
    writeFileSync(join(unified, "memory.events"), events(5));
    await expect.poll(() => seen.count).toBe(2);
    abort.abort();
    await ended;
  });

  test("asks again and again on a machine with a kernel of its own", async () => {
    const unified = makeCgroupFolder({ "memory.events": events(0), "cgroup.events": "populated 1\n" });
    const abort = new AbortController();
    const { seen, ended } = start({ controllers: {}, unified }, abort.signal, openHostFiles());
    await sleep(50);
    writeFileSync(join(unified, "memory.events"), events(1));
    await sleep(100);
    expect(seen.count).toBe(0);
    await expect.poll(() => seen.count).toBe(1);
    abort.abort();
    await ended;
  });

  test("tells a kill that comes together with the end of the last process, and ends", async () => {
    const unified = makeCgroupFolder({
      "memory.events": events(0),
      "cgroup.events": "populated 1\nfrozen 0\n",
    });
    const { seen, ended } = start({ controllers: {}, unified }, new AbortController().signal);
    await sleep(50);
    writeFileSync(join(unified, "memory.events"), events(1));
    writeFileSync(join(unified, "cgroup.events"), "populated 0\nfrozen 0\n");
    await ended;
    expect(seen.count).toBe(1);
  });

  test("misses nothing while its reader is busy", async () => {
    const unified = makeCgroupFolder({ "memory.events": events(0), "cgroup.events": "populated 1\n" });
    const notifications = watchOutOfMemory(
      hostMachine(),
      { controllers: {}, unified },
      new AbortController().signal,
    );
    const first = notifications.next();
    await sleep(50);
    writeFileSync(join(unified, "memory.events"), events(1));
    await first;
    writeFileSync(join(unified, "memory.events"), events(2));
    await sleep(50);
    expect(await notifications.next()).toEqual({ value: undefined, done: false });
    await notifications.return(undefined);
  });
});

describe("watchOutOfMemory by polling on cgroup v1", () => {
  const control = (kills: number) => `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`;

  test("tells rises of oom_kill and ends when the group is removed", async () => {
    const memory = makeCgroupFolder({ "memory.oom_control": control(7) });
    const { seen, ended } = start(
      { controllers: { memory }, unified: undefined },
      new AbortController().signal,
    );
    await sleep(50);
    writeFileSync(join(memory, "memory.oom_control"), control(8));
    await expect.poll(() => seen.count).toBe(1);
    rmSync(memory, { recursive: true });
    await ended;
    expect(seen.count).toBe(1);
  });

  test("tells a kill that came just before the abort", async () => {
    const memory = makeCgroupFolder({ "memory.oom_control": control(0) });
    const abort = new AbortController();
    const { seen, ended } = start({ controllers: { memory }, unified: undefined }, abort.signal);
    await sleep(20);
    writeFileSync(join(memory, "memory.oom_control"), control(1));
    abort.abort();
    await ended;
    expect(seen.count).toBe(1);
  });

  test("waits for the removal where there is no memory controller at all", async () => {
    const pids = makeCgroupFolder({});
    const { seen, ended } = start(
      { controllers: { pids }, unified: undefined },
      new AbortController().signal,
    );
    await sleep(50);
    rmSync(pids, { recursive: true });
    await ended;
    expect(seen.count).toBe(0);
  });
});

test("watchOutOfMemory does nothing when it is already aborted", async () => {
  const { seen, ended } = start({ controllers: {}, unified: makeCgroupFolder({}) }, AbortSignal.abort());
  await ended;
  expect(seen.count).toBe(0);
});
