/**
 * Reads the record that an executor keeps of a container, which is faster than asking the executor.
 *
 * @see https://github.com/containers/crun/blob/main/src/libcrun/status.c (file `status`)
 * @see https://github.com/opencontainers/runc/blob/main/libcontainer/container.go (file `state.json`)
 */
import { join } from "node:path";
import type { ExecutorName } from "./executor.ts";
import type { Machine, ProcessLook } from "./machine.ts";

/** What an executor knows of a container. */
export interface ExecutorRecord {
  /** Host pid of the init process. */
  pid: number;
  /** Its start time in clock ticks since boot. */
  startTime: string;
  /** Whether the init process still waits for `start`. */
  waitsForStart: boolean;
}

/** File name and keys of each executor's record. */
const FORMATS = {
  crun: { file: "status", pid: "pid", startTime: "process-start-time" },
  runc: { file: "state.json", pid: "init_process_pid", startTime: "init_process_start" },
} as const;

/** Reads a record. @returns undefined if there is none, or none that is whole */
export async function readExecutorRecord(
  machine: Machine,
  stateRoot: string,
  name: ExecutorName,
  id: string,
): Promise<ExecutorRecord | undefined> {
  const format = FORMATS[name];
  const text = await machine.readText(join(stateRoot, id, format.file));
  if (text === undefined) return undefined;
  const values = parseObject(text);
  const pid = Number(values?.[format.pid]);
  if (values === undefined || !Number.isSafeInteger(pid)) return undefined;
  return {
    pid,
    startTime: String(values[format.startTime]),
    waitsForStart: await machine.exists(join(stateRoot, id, "exec.fifo")),
  };
}

/** Whether the process that was recorded is still the one that runs. */
export async function isAlive(
  machine: Machine,
  record: Pick<ExecutorRecord, "pid" | "startTime">,
): Promise<boolean> {
  const look = await machine.lookAtProcess(record.pid);
  return look !== undefined && !hasEnded(look) && look.startTime === record.startTime;
}

/** Whether a process has ended and only waits for its parent to notice. */
export function hasEnded({ state }: ProcessLook): boolean {
  return state === "Z" || state === "X";
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
