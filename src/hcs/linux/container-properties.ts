/** What a container is doing, read from its executor's record, /proc and its control groups. */
import type { PropertyType, SystemProperties, SystemState } from "../compute-service.ts";
import { isFrozen } from "./cgroups/freezer.ts";
import { readCgroupPaths } from "./cgroups/cgroup-paths.ts";
import { readMetrics } from "./cgroups/metrics.ts";
import { readProcesses } from "./cgroups/process-list.ts";
import { ifExists } from "../../base/files.ts";
import { executorName } from "./executor.ts";
import { isAlive, readExecutorRecord, type ExecutorRecord } from "./executor-record.ts";
import { executorRoot, type SystemContext } from "./system-context.ts";

/** The executor's record of a container; undefined when the executor does not know it (any more). */
export function executorRecord({ machine, options, record, id }: SystemContext): ExecutorRecord | undefined {
  const { name } = record.executor;
  return readExecutorRecord(machine, executorRoot(options.root, name), name, id);
}

/** The live init process of a container; undefined when it has ended or was never launched. */
export function initProcess(context: SystemContext): ExecutorRecord | undefined {
  const found = executorRecord(context);
  return found !== undefined && isAlive(context.machine, found) ? found : undefined;
}

/** Answers what is asked of a container; a process that ends meanwhile makes it stopped. */
export function containerProperties(
  context: SystemContext,
  types: readonly PropertyType[],
): SystemProperties {
  const base = { Id: context.id, RuntimeOsType: "Linux", Executor: context.record.executor.name } as const;
  // Asked first: an executor that ends between the two questions leaves its record to the second.
  const isCreating = isBeingCreated(context);
  const init = initProcess(context);
  const live = init === undefined ? undefined : ifExists(() => liveProperties(init, types));
  return { ...base, ...(live ?? { State: isCreating ? "Creating" : "Stopped", ProcessId: 0 }) };
}

function liveProperties(
  init: ExecutorRecord,
  types: readonly PropertyType[],
): Omit<SystemProperties, "Id" | "RuntimeOsType"> {
  const paths = readCgroupPaths(init.pid);
  return {
    State: liveState(init, isFrozen(paths)),
    ProcessId: init.pid,
    ...(types.includes("ProcessList") ? { ProcessList: readProcesses(paths) } : {}),
    ...(types.includes("Metrics") ? { Metrics: { ...readMetrics(paths) } } : {}),
  };
}

function liveState(init: ExecutorRecord, frozen: boolean): SystemState {
  if (init.waitsForStart) return "Created";
  return frozen ? "Paused" : "Running";
}

/** Whether an executor is still at work on a system that it has no record of yet. */
export function isBeingCreated(context: SystemContext): boolean {
  return creatingExecutor(context) !== undefined;
}

/**
 * The host pid of the executor that creates this system, if one does: the caller that started it may have been
 * killed, and the executor goes on. It is found by its pid file's path among its arguments, which only looks at
 * the file if another program has it.
 */
export function creatingExecutor(context: SystemContext): number | undefined {
  if (executorRecord(context) !== undefined) return undefined;
  const { machine, folder } = context;
  const creates = (pid: string): boolean => {
    const words = machine.readText(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
    // The second word names an executor that is a script.
    return (
      words.includes(folder.pidFile) && words.slice(0, 2).some((word) => executorName(word) !== undefined)
    );
  };
  const pids = machine.list("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find(creates);
  return found === undefined ? undefined : Number(found);
}
