/**
 * The choice of the OCI executor: the program that turns one container's specification into processes.
 *
 * crun comes first, because it needs a third to two thirds of runc's time. It is decided once per boot and
 * state folder; the reasons are kept for `doctor`.
 */
import { accessSync, constants } from "node:fs";
import { basename, delimiter, isAbsolute, join } from "node:path";
import { PlatformError } from "../../base/errors.ts";
import { hasHybridControllers } from "./cgroup-view.ts";
import type { Machine } from "./machine.ts";

/** The programs that are known; each has a command-line dialect and a record format of its own. */
export type ExecutorName = "crun" | "runc";

/** A program that executes containers, as it is kept with each container. */
export interface Executor {
  name: ExecutorName;
  /** Absolute path of the program. */
  path: string;
  /** Whether creating a container needs the private cgroup view of `cgroup-view.ts`. */
  cgroupView: boolean;
}

/** All that are known, the best first. */
export const EXECUTOR_NAMES: readonly ExecutorName[] = ["crun", "runc"];

/** Engines call with an empty PATH, so the usual folders are always searched too. */
const USUAL_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * Chooses the executor of new containers.
 *
 * @param requested a name (`crun`, `runc`) or an absolute path, from --executor; undefined lets the host decide
 * @param root the state folder, which remembers the decision
 * @throws {PlatformError} PLATFORM_MISSING
 */
export function chooseExecutor(machine: Machine, root: string, requested: string | undefined): Executor {
  if (requested !== undefined) return requestedExecutor(requested);
  const bootId = machine.readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  const file = join(root, "@executor.json");
  const remembered = readDecision(machine.readText(file), bootId);
  if (remembered !== undefined) return remembered;
  const executor = decide();
  if (machine.exists(root)) machine.writeText(file, JSON.stringify({ bootId, executor }));
  return executor;
}

/** Finds an executor by name. @returns undefined if it is not installed */
export function findExecutor(name: ExecutorName): Executor | undefined {
  const path = findProgram(name);
  return path === undefined ? undefined : { name, path, cgroupView: needsCgroupView(name) };
}

/** Finds a program on PATH or in the usual folders. @returns its absolute path, undefined if it is not installed */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute), ...USUAL_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * The executor for one container: the host's own choice, except that a container without a mount namespace
 * would stay inside the private cgroup view, so another executor takes it.
 */
export function executorFor(chosen: Executor, hasMountNamespace: boolean): Executor {
  if (!chosen.cgroupView || hasMountNamespace) return chosen;
  return findExecutor("runc") ?? chosen;
}

function requestedExecutor(requested: string): Executor {
  const name = executorName(requested);
  if (name === undefined) throw unknownExecutor(requested);
  const path = requested.includes("/") ? requested : findProgram(requested);
  if (path === undefined || !isAbsolute(path) || !isExecutable(path)) return missing(`"${requested}"`);
  return { name, path, cgroupView: needsCgroupView(name) };
}

function decide(): Executor {
  for (const name of EXECUTOR_NAMES) {
    const found = findExecutor(name);
    if (found !== undefined) return found;
  }
  return missing(EXECUTOR_NAMES.join(" or "));
}

function readDecision(text: string | undefined, bootId: string): Executor | undefined {
  if (text === undefined) return undefined;
  try {
    const decision = JSON.parse(text) as { bootId?: unknown; executor?: Executor };
    const { executor } = decision;
    if (decision.bootId !== bootId || executor === undefined || !isExecutable(executor.path))
      return undefined;
    return knownName(executor.name) === undefined ? undefined : executor;
  } catch {
    return undefined;
  }
}

function needsCgroupView(name: ExecutorName): boolean {
  return name === "crun" && hasHybridControllers();
}

/** Which executor a program is, by its file's name. @returns undefined if it is none */
export function executorName(program: string): ExecutorName | undefined {
  return knownName(basename(program));
}

function knownName(text: string): ExecutorName | undefined {
  return EXECUTOR_NAMES.find((name) => text === name || text.startsWith(`${name}-`));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missing(what: string): never {
  throw new PlatformError("PLATFORM_MISSING", `Cannot find the OCI executor ${what} on this host`, {
    hint: "Install it (apt-get install crun), or name another with --executor",
  });
}

function unknownExecutor(requested: string): PlatformError {
  return new PlatformError(
    "PLATFORM_UNSUPPORTED",
    `Cannot use "${requested}" as the executor: it is neither crun nor runc`,
    { hint: "Give --executor crun, runc or the absolute path of one of them" },
  );
}
