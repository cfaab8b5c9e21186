/** What an executor has made of a container before it was killed, and no longer knows. */
import { join, posix } from "node:path";
import { errnoCode } from "../../base/errors.ts";
import { parseJson } from "../../base/lossless-json.ts";
import { readCgroupPaths } from "./cgroups/cgroup-paths.ts";
import type { Machine } from "./machine.ts";
import { readMounts } from "./mount-table.ts";
import { readPid } from "./pid-file.ts";
import { executorRoot, type SystemContext } from "./system-context.ts";

const SIGKILL = 9;

/** How often, and how many times, the end of the last process in a group is looked for. */
const POLL_MS = 10;
const POLLS = 100;

/**
 * Removes the executor's half-made state folder, the init process and the empty control groups of a system.
 *
 * Only a group without processes can be removed, so one that the bundle shares with others is safe.
 */
export async function removeHalfMade(context: SystemContext): Promise<void> {
  const { machine, options, record, id } = context;
  await machine.remove(join(executorRoot(options.root, record.executor.name), id));
  const path = await cgroupPath(context);
  if (path === undefined || path === "/") return;
  await killInit(context, path);
  for (let poll = 0; !(await removeEmptyCgroups(machine, path)) && poll < POLLS; poll++)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** The init process may outlive the record of it; its control group proves that the pid is still its own. */
async function killInit({ machine, folder }: SystemContext, path: string): Promise<void> {
  const pid = await readPid(machine, folder.pidFile);
  const groups = pid === undefined ? undefined : await readCgroupPaths(machine, pid);
  if (pid === undefined || groups === undefined) return;
  const folders = [...Object.values(groups.controllers), groups.unified];
  if (folders.some((group) => group?.endsWith(path) === true)) await machine.signal(pid, SIGKILL);
}

/** @returns false if a process is still in one of the groups */
async function removeEmptyCgroups(machine: Machine, path: string): Promise<boolean> {
  const mounts = (await readMounts(machine)).filter(({ type }) => type === "cgroup" || type === "cgroup2");
  // runc puts a group without an absolute path below the group of whoever calls it.
  const own = await readCgroupPaths(machine, "self");
  const callers = [...Object.values(own?.controllers ?? {}), own?.unified];
  const folders = [...mounts.map(({ mountPoint }) => mountPoint), ...callers];
  const groups = [...new Set(folders)].filter((folder) => folder !== undefined);
  const isRemoved = await Promise.all(groups.map((folder) => removeEmpty(machine, join(folder, path))));
  return isRemoved.every(Boolean);
}

/** Where the executor puts the groups: a path below each hierarchy. */
async function cgroupPath({ machine, folder, id }: SystemContext): Promise<string | undefined> {
  const text = await machine.readText(folder.config);
  if (text === undefined) return undefined;
  try {
    const { linux } = parseJson(text) as { linux?: { cgroupsPath?: unknown } };
    const path = linux?.cgroupsPath;
    return posix.resolve("/", typeof path === "string" && path !== "" ? path : id);
  } catch {
    return undefined;
  }
}

async function removeEmpty(machine: Machine, directory: string): Promise<boolean> {
  try {
    await machine.removeEmptyFolder(directory);
    return true;
  } catch (error) {
    const code = errnoCode(error);
    if (code !== "EBUSY" && code !== "ENOTEMPTY" && code !== "EPERM" && code !== "EROFS") throw error;
    return code !== "EBUSY";
  }
}
