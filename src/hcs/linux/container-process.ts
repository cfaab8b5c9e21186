/** A process of a container, on the host. */
import type { ComputeProcess } from "../compute-service.ts";
import { ComputeError, HcsResult } from "../results.ts";
import { hasEnded } from "./executor-record.ts";
import type { SystemContext } from "./system-context.ts";

/** Makes the handle of a process. @param wait gives its exit code */
export function containerProcess(
  context: SystemContext,
  pid: number,
  wait: () => Promise<number>,
): ComputeProcess {
  return {
    pid,
    wait,
    signal: async ({ Signal }) => signalProcess(context, pid, Signal),
    resizeConsole: async (columns, rows) => context.machine.resizeTerminal(pid, columns, rows),
  };
}

/** @throws {ComputeError} PROCESS_ALREADY_STOPPED */
export async function signalProcess(
  { machine, id }: SystemContext,
  pid: number,
  signal: number,
): Promise<void> {
  const look = await machine.lookAtProcess(pid);
  const lives = look !== undefined && !hasEnded(look);
  if (!lives || !(await machine.signal(pid, signal)))
    throw stopped(id, "signal", HcsResult.PROCESS_ALREADY_STOPPED);
}

/** The failure of an operation that needs a live container, in the words that engines look for. */
export function stopped(id: string, operation: string, hresult: number): ComputeError {
  const message = `Cannot ${operation} container "${id}": container not running`;
  return new ComputeError({ operation, systemId: id, hresult, message });
}
