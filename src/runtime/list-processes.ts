import { openContainer } from "./open-container.ts";
import type { Runtime } from "./runtime.ts";

/** Lists the host pids of a container's processes, the lowest first; none when it has stopped. */
export async function listProcesses(runtime: Runtime, id: string): Promise<number[]> {
  const { system } = await openContainer(runtime, id);
  const properties = await system?.properties(["ProcessList"]);
  return properties?.ProcessList ?? [];
}
