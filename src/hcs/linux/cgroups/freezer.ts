/** Whether a container is paused, which on Linux means that its control group is frozen. */
import type { MachineFiles } from "../machine.ts";
import { readOptional, type ControlGroup } from "./cgroup-files.ts";
import type { CgroupPaths } from "./cgroup-paths.ts";

/**
 * Tells whether the control group itself has been frozen, wholly or still in progress; a group that is frozen
 * only because one above it is, or that has been removed, does not count.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html
 */
export async function isFrozen(machine: MachineFiles, paths: CgroupPaths): Promise<boolean> {
  const { unified } = paths;
  const v1 = paths.controllers["freezer"];
  if (v1 !== undefined) return isFrozenV1({ machine, directory: v1 });
  if (unified === undefined) return false;
  return (await readOptional({ machine, directory: unified }, "cgroup.freeze"))?.trim() === "1";
}

async function isFrozenV1(group: ControlGroup): Promise<boolean> {
  const self = await readOptional(group, "freezer.self_freezing");
  if (self !== undefined) return self.trim() === "1";
  const state = (await readOptional(group, "freezer.state"))?.trim();
  return state === "FROZEN" || state === "FREEZING";
}
