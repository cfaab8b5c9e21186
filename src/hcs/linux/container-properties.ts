/** What a container is doing, read from its executor's record, /proc and its control groups. */
import type { PropertyType, SystemProperties, SystemState } from "../compute-service.ts";
import { isFrozen } from "./cgroups/freezer.ts";
import { readCgroupPaths } from "./cgroups/cgroup-paths.ts";
import { readMetrics } from "./cgroups/metrics.ts";
import { readProcesses } from "./cgroups/process-list.ts";
import { executorName } from "./executor.ts";
import { isAlive, readExecutorRecord, type ExecutorRecord } from "./executor-record.ts";
import type { Machine } from "./machine.ts";
import { executorRoot, type SystemContext } from "./system-context.ts";

/** The executor's record of a container; undefined when the executor does not know it (any more). */
export async function executorRecord({
  machine,
  options,
  record,
  id,
}: SystemContext): Promise<ExecutorRecord | undefined> {
  const { name } = record.executor;
  return readExecutorRecord(machine, executorRoot(options.root, name), name, id);
}

/** The live init process of a container; undefined when it has ended or was never launched. */
export async function initProcess(context: SystemContext): Promise<ExecutorRecord | undefined> {
  const found = await executorRecord(context);
  return found !== undefined && (await isAlive(context.machine, found)) ? found : undefined;
}

/** Answers what is asked of a container; a process that ends meanwhile makes it stopped. */
export async function containerProperties(
  context: SystemContext,
  types: readonly PropertyType[],
): Promise<SystemProperties> {
  const base = { Id: context.id, RuntimeOsType: "Linux", Executor: context.record.executor.name } as const;
  // Asked first: an executor that ends between the two questions leaves its record to the second.
  const isCreating = await isBeingCreated(context);
  const init = await initProcess(context);
  const live = init === undefined ? undefined : await liveProperties(context.machine, init, types);
  return { ...base, ...(live ?? { State: isCreating ? "Creating" : "Stopped", ProcessId: 0 }) };
}

/** @returns undefined if the init process, or its control group, has ended meanwhile */
async function liveProperties(
  machine: Machine,
  init: ExecutorRecord,
  types: readonly PropertyType[],
): Promise<Omit<SystemProperties, "Id" | "RuntimeOsType"> | undefined> {
  const paths = await readCgroupPaths(machine, init.pid);
  if (paths === undefined) return undefined;
  const State = liveState(init, await isFrozen(machine, paths));
  const ProcessList = types.includes("ProcessList") ? await readProcesses(machine, paths) : [];
  const metrics = types.includes("Metrics") ? await readMetrics(machine, paths) : {};
  if (ProcessList === undefined || metrics === undefined) return undefined;
  return {
    State,
    ProcessId: init.pid,
    ...(types.includes("ProcessList") ? { ProcessList } : {}),
    ...(types.includes("Metrics") ? { Metrics: { ...metrics } } : {}),
  };
}

function liveState(init: ExecutorRecord, frozen: boolean): SystemState {
  if (init.waitsForStart) return "Created";
  return frozen ? "Paused" : "Running";
}

/** Whether an executor is still at work on a system that it has no record of yet. */
export async function isBeingCreated(context: SystemContext): Promise<boolean> {
  return (await creatingExecutor(context)) !== undefined;
}

/**
 * The host pid of the executor that creates this system, if one does: the caller that started it may have been
 * killed, and the executor goes on. It is found by its pid file's path among its arguments, which only looks at
 * the file if another program has it.
 */
export async function creatingExecutor(context: SystemContext): Promise<number | undefined> {
  if ((await executorRecord(context)) !== undefined) return undefined;
  const { machine, folder } = context;
  for (const pid of (await machine.list("/proc")).filter((name) => /^\d+$/.test(name))) {
    const words = (await machine.readText(`/proc/${pid}/cmdline`))?.split("\0") ?? [];
    if (!words.includes(folder.pidFile)) continue;
    // The second word names an executor that is a script.
    if (words.slice(0, 2).some((word) => executorName(word) !== undefined)) return Number(pid);
  }
  return undefined;
}
