/**
 * How a machine has arranged its control groups: v1, v2 or both side by side.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
import type { MachineFiles } from "../machine.ts";
import { readOptional } from "./cgroup-files.ts";
import { readMounts, type Mount } from "../mount-table.ts";
import type { CgroupMembership } from "./cgroup-paths.ts";
import { isMountOf, isUnified, parseProcCgroup } from "./cgroup-paths.ts";

/** Which controllers are on which hierarchy. */
export interface CgroupLayout {
  /** `hybrid`: v1 controllers at their usual place and a v2 hierarchy beside them. */
  kind: "v1" | "v2" | "hybrid" | "none";
  /** Mount point by v1 controller or `name=NAME`. */
  v1: Record<string, string>;
  /** The v2 hierarchy with the controllers that it offers. */
  v2?: { mountPoint: string; controllers: string[] };
}

/** Where every Linux host mounts its control groups. */
const CGROUP_ROOT = "/sys/fs/cgroup";

/** Finds out how a machine has arranged its control groups. */
export async function cgroupLayout(machine: MachineFiles): Promise<CgroupLayout> {
  const memberships = parseProcCgroup((await machine.readText("/proc/self/cgroup")) ?? "");
  return toCgroupLayout(
    memberships,
    await readMounts(machine),
    async (directory) => (await readOptional({ machine, directory }, "cgroup.controllers")) ?? "",
  );
}

/**
 * Derives the layout from a process's memberships and the mounts.
 *
 * A host whose `/sys/fs/cgroup` itself is v2 counts as v2 even when some v1 hierarchy (net_cls for a VPN, say) is
 * mounted elsewhere, as the executors see it.
 */
export async function toCgroupLayout(
  memberships: readonly CgroupMembership[],
  mounts: readonly Mount[],
  readControllers: (mountPoint: string) => Promise<string>,
): Promise<CgroupLayout> {
  const v1: Record<string, string> = {};
  const layout: CgroupLayout = { kind: "none", v1 };
  for (const membership of memberships) {
    const mountPoint = mounts.find((mount) => isMountOf(membership, mount))?.mountPoint;
    if (mountPoint === undefined) continue;
    if (isUnified(membership))
      layout.v2 = { mountPoint, controllers: words(await readControllers(mountPoint)) };
    for (const controller of membership.controllers) v1[controller] = mountPoint;
  }
  layout.kind = layoutKind(layout);
  return layout;
}

function layoutKind({ v1, v2 }: CgroupLayout): CgroupLayout["kind"] {
  const hasControllers = Object.keys(v1).some((name) => !name.startsWith("name="));
  if (v2 === undefined) return hasControllers ? "v1" : "none";
  return hasControllers && v2.mountPoint !== CGROUP_ROOT ? "hybrid" : "v2";
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
