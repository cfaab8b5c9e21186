import { containerState, type ContainerState } from "./container-state.ts";
import type { Runtime } from "./runtime.ts";

/** What `list` finds: the containers, and why some could not be read. */
export interface ContainerList {
  containers: ContainerState[];
  failures: unknown[];
}

/** Lists all containers in the state folder, in the order of their ids. */
export async function listContainers(runtime: Runtime): Promise<ContainerList> {
  const list: ContainerList = { containers: [], failures: [] };
  for (const id of runtime.store.list()) {
    try {
      list.containers.push(await containerState(runtime, id));
    } catch (error) {
      // One that another call removes meanwhile is simply gone.
      if (runtime.store.has(id)) list.failures.push(error);
    }
  }
  return list;
}
