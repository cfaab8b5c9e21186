import type { ProcessDetails } from "../hcs/compute-service.ts";
import { openContainer } from "./open-container.ts";
import type { Runtime } from "./runtime.ts";

/** The processes of a container. */
export interface ProcessTable {
  /** The lowest first; none when it has stopped. */
  pids: number[];
  /** What the compute service knows of them, where the host's own tools do not. */
  details?: ProcessDetails[];
}

/** Lists the processes of a container: host pids, or those of the container's own system. */
export async function listProcesses(runtime: Runtime, id: string): Promise<ProcessTable> {
  const { system } = await openContainer(runtime, id);
  const { ProcessList: pids = [], ProcessDetails } = (await system?.properties(["ProcessList"])) ?? {};
  const details = ProcessDetails ?? (runtime.windows === undefined ? undefined : []);
  return { pids, ...(details === undefined ? {} : { details }) };
}
