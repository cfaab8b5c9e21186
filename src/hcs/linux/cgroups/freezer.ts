/** Whether a container is paused, which on Linux means that its control group is frozen. */
import { readOptional } from "./cgroup-files.ts";
import type { CgroupPaths } from "./cgroup-paths.ts";

/**
 * Tells whether the control group itself has been frozen, wholly or still in progress; a group that is frozen
 * only because one above it is, or that has been removed, does not count.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html
 */
export function isFrozen(paths: CgroupPaths): boolean {
  const v1 = paths.controllers["freezer"];
  if (v1 !== undefined) return isFrozenV1(v1);
  return paths.unified !== undefined && readOptional(paths.unified, "cgroup.freeze")?.trim() === "1";
}

function isFrozenV1(directory: string): boolean {
  const self = readOptional(directory, "freezer.self_freezing");
  if (self !== undefined) return self.trim() === "1";
  const state = readOptional(directory, "freezer.state")?.trim();
  return state === "FROZEN" || state === "FREEZING";
}
