/** What an executor has made of a container before it was killed, and no longer knows. */
import { ifExists } from "../../base/files.ts";
import { rmdirSync } from "node:fs";
import { join, posix } from "node:path";
import { errnoCode } from "../../base/errors.ts";
import { parseJson } from "../../base/lossless-json.ts";
import { readCgroupPaths, readMounts } from "./cgroups/cgroup-paths.ts";
import { executorRoot, type SystemContext } from "./system-context.ts";

/**
 * Removes the executor's half-made state folder and the empty control groups of a system.
 *
 * Only a group without processes can be removed, so one that the bundle shares with others is safe.
 */
export function removeHalfMade(context: SystemContext): void {
  const { machine, options, record, id } = context;
  machine.remove(join(executorRoot(options.root, record.executor.name), id));
  removeEmptyCgroups(context);
}

function removeEmptyCgroups(context: SystemContext): void {
  const path = cgroupPath(context);
  if (path === undefined || path === "/") return;
  const mounts = readMounts().filter(({ type }) => type === "cgroup" || type === "cgroup2");
  // runc puts a group without an absolute path below the group of whoever calls it.
  const { controllers, unified } = readCgroupPaths(process.pid);
  const folders = [...mounts.map(({ mountPoint }) => mountPoint), ...Object.values(controllers), unified];
  for (const folder of new Set(folders)) if (folder !== undefined) removeEmpty(join(folder, path));
}

/** Where the executor puts the groups: a path below each hierarchy. */
function cgroupPath({ machine, folder, id }: SystemContext): string | undefined {
  const text = machine.readText(folder.config);
  if (text === undefined) return undefined;
  try {
    const { linux } = parseJson(text) as { linux?: { cgroupsPath?: unknown } };
    const path = linux?.cgroupsPath;
    return posix.resolve("/", typeof path === "string" && path !== "" ? path : id);
  } catch {
    return undefined;
  }
}

function removeEmpty(directory: string): void {
  try {
    ifExists(() => rmdirSync(directory));
  } catch (error) {
    const code = errnoCode(error);
    if (code !== "EBUSY" && code !== "ENOTEMPTY" && code !== "EPERM" && code !== "EROFS") throw error;
  }
}
