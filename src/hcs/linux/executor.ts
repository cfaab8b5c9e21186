/**
 * The choice of the OCI executor: the program that turns one container's specification into processes.
 *
 * crun comes first, because it needs a third to two thirds of runc's time. It is decided once per boot and
 * state folder; the reasons are kept for `doctor`.
 */
import { basename, isAbsolute, join } from "node:path";
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

/**
 * Chooses the executor of new containers.
 *
 * @param requested a name (`crun`, `runc`) or an absolute path, from --executor; undefined lets the host decide
 * @param root the state folder, which remembers the decision
 * @throws {PlatformError} PLATFORM_MISSING
 */
export async function chooseExecutor(
  machine: Machine,
  root: string,
  requested: string | undefined,
): Promise<Executor> {
  if (requested !== undefined) return requestedExecutor(machine, requested);
  const bootId = (await machine.readText("/proc/sys/kernel/random/boot_id"))?.trim() ?? "";
  const file = join(root, "@executor.json");
  const remembered = await readDecision(machine, file, bootId);
  if (remembered !== undefined) return remembered;
  const executor = await decide(machine);
  if (await machine.exists(root)) await machine.writeText(file, JSON.stringify({ bootId, executor }));
  return executor;
}

/** Finds an executor by name. @returns undefined if it is not installed */
export async function findExecutor(machine: Machine, name: ExecutorName): Promise<Executor | undefined> {
  const path = await machine.findProgram(name);
  return path === undefined ? undefined : { name, path, cgroupView: await needsCgroupView(machine, name) };
}

/**
 * The executor for one container: the host's own choice, except that a container without a mount namespace
 * would stay inside the private cgroup view, so another executor takes it.
 */
export async function executorFor(
  machine: Machine,
  chosen: Executor,
  hasMountNamespace: boolean,
): Promise<Executor> {
  if (!chosen.cgroupView || hasMountNamespace) return chosen;
  return (await findExecutor(machine, "runc")) ?? chosen;
}

async function requestedExecutor(machine: Machine, requested: string): Promise<Executor> {
  const name = executorName(requested);
  if (name === undefined) throw unknownExecutor(requested);
  const path = requested.includes("/") ? requested : await machine.findProgram(requested);
  if (path === undefined || !isAbsolute(path) || !(await machine.isAllowed(path, "execute")))
    return missing(`"${requested}"`);
  return { name, path, cgroupView: await needsCgroupView(machine, name) };
}

async function decide(machine: Machine): Promise<Executor> {
  for (const name of EXECUTOR_NAMES) {
    const found = await findExecutor(machine, name);
    if (found !== undefined) return found;
  }
  return missing(EXECUTOR_NAMES.join(" or "));
}

async function readDecision(machine: Machine, file: string, bootId: string): Promise<Executor | undefined> {
  const text = await machine.readText(file);
  if (text === undefined) return undefined;
  try {
    const decision = JSON.parse(text) as { bootId?: unknown; executor?: Executor };
    const { executor } = decision;
    if (decision.bootId !== bootId || executor === undefined || knownName(executor.name) === undefined)
      return undefined;
    return (await machine.isAllowed(executor.path, "execute")) ? executor : undefined;
  } catch {
    return undefined;
  }
}

async function needsCgroupView(machine: Machine, name: ExecutorName): Promise<boolean> {
  return name === "crun" && (await hasHybridControllers(machine));
}

/** Which executor a program is, by its file's name. @returns undefined if it is none */
export function executorName(program: string): ExecutorName | undefined {
  return knownName(basename(program));
}

function knownName(text: string): ExecutorName | undefined {
  return EXECUTOR_NAMES.find((name) => text === name || text.startsWith(`${name}-`));
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
