/**
 * The processes of a container: those of its control group and of every group below, which a container with a
 * service manager of its own has.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "../../../base/errors.ts";
import { readOptional } from "./cgroup-files.ts";
import type { CgroupPaths } from "./cgroup-paths.ts";
import { mainDirectory } from "./cgroup-paths.ts";

/**
 * Lists the host pids of all processes, ascending.
 *
 * @throws the system error ENOENT when the control group has been removed
 */
export function readProcesses(paths: CgroupPaths): number[] {
  const directory = mainDirectory(paths);
  const pids = new Set(parsePids(readFileSync(join(directory, "cgroup.procs"), "utf8")));
  for (const child of listChildren(directory)) collectPids(join(directory, child), pids);
  return [...pids].toSorted((left, right) => left - right);
}

/** Groups below may be removed while they are read; what they held has then exited or moved. */
function collectPids(directory: string, pids: Set<number>): void {
  // A threaded v2 group refuses to list processes; those are listed in the group that contains it.
  for (const pid of parsePids(readOptional(directory, "cgroup.procs") ?? "")) pids.add(pid);
  for (const child of listChildren(directory)) collectPids(join(directory, child), pids);
}

function listChildren(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (["ENOENT", "ENODEV"].includes(errnoCode(error) ?? "")) return [];
    throw error;
  }
}

/** The kernel writes 0 for a process outside the reader's pid namespace. */
function parsePids(text: string): number[] {
  return text
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0);
}
