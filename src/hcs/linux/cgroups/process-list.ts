/**
 * The processes of a container: those of its control group and of every group below, which a container with a
 * service manager of its own has.
 */
import { join } from "node:path";
import type { MachineFiles } from "../machine.ts";
import { readOptional, type ControlGroup } from "./cgroup-files.ts";
import type { CgroupPaths } from "./cgroup-paths.ts";
import { mainDirectory } from "./cgroup-paths.ts";

/** Lists the pids of all processes on the machine, ascending. @returns undefined if the control group is removed */
export async function readProcesses(
  machine: MachineFiles,
  paths: CgroupPaths,
): Promise<number[] | undefined> {
  const group = { machine, directory: mainDirectory(paths) };
  const text = await machine.readText(join(group.directory, "cgroup.procs"));
  if (text === undefined) return undefined;
  const pids = new Set(parsePids(text));
  for (const child of await listChildren(group)) await collectPids(child, pids);
  return [...pids].toSorted((left, right) => left - right);
}

/** Groups below may be removed while they are read; what they held has then exited or moved. */
async function collectPids(group: ControlGroup, pids: Set<number>): Promise<void> {
  // A threaded v2 group refuses to list processes; those are listed in the group that contains it.
  for (const pid of parsePids((await readOptional(group, "cgroup.procs")) ?? "")) pids.add(pid);
  for (const child of await listChildren(group)) await collectPids(child, pids);
}

async function listChildren({ machine, directory }: ControlGroup): Promise<ControlGroup[]> {
  const names = await machine.listFolders(directory);
  return names.map((name) => ({ machine, directory: join(directory, name) }));
}

/** The kernel writes 0 for a process outside the reader's pid namespace. */
function parsePids(text: string): number[] {
  return text
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0);
}
