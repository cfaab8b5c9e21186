import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { readProcesses } from "../../../../../src/hcs/linux/cgroups/process-list.ts";
import { hostMachine } from "../test-machine.ts";
import { makeCgroupFolder } from "./cgroup-folder.ts";

test("lists the processes of all groups below, each once, in numerical order", async () => {
  const unified = makeCgroupFolder({
    "cgroup.procs": "100\n9\n",
    "init.scope/cgroup.procs": "1000\n",
    "system.slice/cgroup.procs": "",
    "system.slice/web/cgroup.procs": "20\n9\n",
  });
  expect(await readProcesses(hostMachine(), { controllers: {}, unified })).toEqual([9, 20, 100, 1000]);
});

test("leaves out processes of other pid namespaces and folders that are no longer groups", async () => {
  const unified = makeCgroupFolder({ "cgroup.procs": "0\n5\n", "removed/other": "" });
  expect(await readProcesses(hostMachine(), { controllers: {}, unified })).toEqual([5]);
});

test("says that the control group is gone", async () => {
  const unified = makeCgroupFolder({});
  rmSync(unified, { recursive: true });
  expect(await readProcesses(hostMachine(), { controllers: {}, unified })).toBeUndefined();
});
