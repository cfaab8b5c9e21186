import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAlive, readExecutorRecord } from "../../../../src/hcs/linux/executor-record.ts";
import { hostMachine } from "./test-machine.ts";

const machine = hostMachine();
let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "runhcs-record-"));
  fs.mkdirSync(join(root, "web"));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

/** What crun and runc really write, shortened. */
const WRITTEN = {
  crun: {
    file: "status",
    text: '{"pid":4711,"process-start-time":98765,"cgroup-path":"/web","rootfs":"/r","bundle":"/b"}',
  },
  runc: {
    file: "state.json",
    text: '{"id":"web","init_process_pid":4711,"init_process_start":98765,"config":{}}',
  },
} as const;

describe.each(["crun", "runc"] as const)("readExecutorRecord of %s", (name) => {
  const { file, text } = WRITTEN[name];

  test("reads the init process", async () => {
    fs.writeFileSync(join(root, "web", file), text);
    const record = { pid: 4711, startTime: "98765", waitsForStart: false };
    expect(await readExecutorRecord(machine, root, name, "web")).toEqual(record);
  });

  test("tells from its fifo that the init process waits", async () => {
    fs.writeFileSync(join(root, "web", file), text);
    fs.writeFileSync(join(root, "web/exec.fifo"), "");
    expect((await readExecutorRecord(machine, root, name, "web"))?.waitsForStart).toBe(true);
  });

  test.each([
    ["is none", undefined],
    ["is an empty one", ""],
    ["is one cut short", text.slice(0, -5)],
    ["is one without a pid", '{"a":1}'],
    ["is one whose pid is no number", '{"pid":"x","init_process_pid":"x"}'],
    ["is a null", "null"],
  ])("gives undefined when there %s", async (_, content) => {
    if (content !== undefined) fs.writeFileSync(join(root, "web", file), content);
    expect(await readExecutorRecord(machine, root, name, "web")).toBeUndefined();
  });
});

describe("isAlive", () => {
  const record = { pid: 4711, startTime: "98765", waitsForStart: false };

  test.each([
    ["holds for the recorded process", { state: "S", startTime: "98765" }, true],
    ["holds for a stopped one", { state: "T", startTime: "98765" }, true],
    ["fails for one that its parent has not reaped", { state: "Z", startTime: "98765" }, false],
    ["fails for one that is dying", { state: "X", startTime: "98765" }, false],
    ["fails for another that got the pid", { state: "S", startTime: "98766" }, false],
    ["fails without a process", undefined, false],
  ])("%s", async (_, look, alive) => {
    expect(await isAlive(hostMachine({ lookAtProcess: async () => look }), record)).toBe(alive);
  });

  test("looks at real processes", async () => {
    const look = await machine.lookAtProcess(process.pid);
    expect(look).toMatchObject({ startTime: expect.stringMatching(/^\d+$/) });
    const own = { pid: process.pid, startTime: look?.startTime ?? "", waitsForStart: false };
    expect(await isAlive(machine, own)).toBe(true);
    expect(await isAlive(machine, { ...own, startTime: "1" })).toBe(false);
  });
});
