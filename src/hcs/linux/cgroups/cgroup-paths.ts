/**
 * Where the control groups of a process are.
 *
 * `/proc/PID/cgroup` names one path per hierarchy, `/proc/self/mountinfo` says where each hierarchy is mounted.
 * On v1 every controller (or pair of them) is a hierarchy of its own, on v2 there is one for all, and a hybrid
 * host has both.
 *
 * @see https://man7.org/linux/man-pages/man7/cgroups.7.html
 */
import { PlatformError } from "../../../base/errors.ts";
import type { MachineFiles } from "../machine.ts";
import { readMounts, type Mount } from "../mount-table.ts";

/** A process's place in one hierarchy: one line of `/proc/PID/cgroup`. */
export interface CgroupMembership {
  /** 0 for the v2 hierarchy. */
  hierarchy: number;
  /** v1 controllers, or `name=NAME` of a hierarchy without any; empty for v2. */
  controllers: string[];
  /** Path below the root of the hierarchy, as the reader's cgroup namespace shows it. */
  path: string;
}

/** The control groups of a process, as folders of the machine. */
export interface CgroupPaths {
  /** Absolute folder by v1 controller; hierarchies without a controller are keyed `name=NAME`. */
  readonly controllers: Readonly<Record<string, string>>;
  /** Absolute folder in the v2 hierarchy; undefined where none is mounted. */
  readonly unified: string | undefined;
}

/**
 * Reads the control groups that a process is in; `self` is the one that acts on the machine.
 *
 * The kernel puts a process that has exited into the root of every v1 hierarchy until it is reaped, so the
 * caller makes sure that the process lives.
 *
 * @returns undefined if there is no such process
 */
export async function readCgroupPaths(
  machine: MachineFiles,
  pid: number | "self",
): Promise<CgroupPaths | undefined> {
  const text = await machine.readText(`/proc/${pid}/cgroup`);
  return text === undefined
    ? undefined
    : resolveCgroupPaths(parseProcCgroup(text), await readMounts(machine));
}

/**
 * Finds the folders of control groups; hierarchies that are not mounted, or only a foreign part of them, are
 * left out.
 *
 * @example
 * resolveCgroupPaths(parseProcCgroup("0::/web\n"), parseMountinfo("31 23 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n"))
 * // { controllers: {}, unified: "/sys/fs/cgroup/web" }
 */
export function resolveCgroupPaths(
  memberships: readonly CgroupMembership[],
  mounts: readonly Mount[],
): CgroupPaths {
  const controllers: Record<string, string> = {};
  let unified: string | undefined;
  for (const membership of memberships) {
    const directory = findDirectory(membership, mounts);
    if (directory === undefined) continue;
    if (isUnified(membership)) unified = directory;
    for (const controller of membership.controllers) controllers[controller] = directory;
  }
  return { controllers, unified };
}

/**
 * Chooses the folder that lists a container's processes: a v1 controller that every executor uses, else the v2
 * hierarchy, else whatever there is.
 *
 * @throws {PlatformError} `PLATFORM_MISSING` when the host has no control groups mounted
 */
export function mainDirectory(paths: CgroupPaths): string {
  const { controllers, unified } = paths;
  const directory = controllers["pids"] ?? controllers["devices"] ?? unified ?? Object.values(controllers)[0];
  if (directory !== undefined) return directory;
  throw new PlatformError(
    "PLATFORM_MISSING",
    'Cannot read control groups: none are mounted below "/sys/fs/cgroup"',
    {
      hint: "Mount the cgroup2 file system there.",
    },
  );
}

/** Reads the lines `hierarchy:controller,controller:path` of `/proc/PID/cgroup`; other lines are skipped. */
export function parseProcCgroup(text: string): CgroupMembership[] {
  const memberships: CgroupMembership[] = [];
  for (const line of text.split("\n")) {
    const [, hierarchy, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (hierarchy === undefined || controllers === undefined || path === undefined) continue;
    memberships.push({
      hierarchy: Number(hierarchy),
      controllers: controllers.split(",").filter(Boolean),
      path,
    });
  }
  return memberships;
}

/** Whether a mount shows the hierarchy of a membership. */
export function isMountOf(membership: CgroupMembership, mount: Mount): boolean {
  if (isUnified(membership)) return mount.type === "cgroup2";
  return mount.type === "cgroup" && membership.controllers.every((name) => mount.superOptions.includes(name));
}

/** Whether a membership is the one in the v2 hierarchy. */
export function isUnified(membership: CgroupMembership): boolean {
  return membership.hierarchy === 0 && membership.controllers.length === 0;
}

function findDirectory(membership: CgroupMembership, mounts: readonly Mount[]): string | undefined {
  for (const mount of mounts) {
    const directory = isMountOf(membership, mount) ? directoryInMount(membership.path, mount) : undefined;
    if (directory !== undefined) return directory;
  }
  return undefined;
}

/** A mount may show only a subtree of its hierarchy, as inside a container without a cgroup namespace. */
function directoryInMount(path: string, mount: Mount): string | undefined {
  const root = mount.root === "/" ? "" : mount.root;
  if (path !== root && !path.startsWith(`${root}/`)) return undefined;
  const below = path.slice(root.length);
  // "/.." leads out of the reader's cgroup namespace, where no mount of ours reaches.
  if (below.split("/").includes("..")) return undefined;
  if (below === "" || below === "/") return mount.mountPoint;
  return mount.mountPoint === "/" ? below : `${mount.mountPoint}${below}`;
}
