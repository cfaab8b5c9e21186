import { OCI_VERSION, stateToOciState } from "../oci/oci-state.ts";
import { containerState, type ContainerState } from "./container-state.ts";
import type { Runtime } from "./runtime.ts";

/** What `list` finds: the containers, and why some could not be read. */
export interface ContainerList {
  containers: ContainerState[];
  failures: unknown[];
}

/**
 * Lists all containers in the state folder, in the order of their ids.
 *
 * @param all also lists systems of the host that others own, as far as the host knows of any
 */
export async function listContainers(runtime: Runtime, all = false): Promise<ContainerList> {
  const list: ContainerList = { containers: [], failures: [] };
  for (const id of runtime.store.list()) {
    try {
      list.containers.push(await containerState(runtime, id));
    } catch (error) {
      // One that another call removes meanwhile is simply gone.
      if (runtime.store.has(id)) list.failures.push(error);
    }
  }
  if (all) list.containers.push(...(await foreignSystems(runtime)));
  return list;
}

/** Systems that no container of this state root has; what only a container has is empty. */
async function foreignSystems({ compute, store }: Runtime): Promise<ContainerState[]> {
  const own = new Set(store.list());
  const systems = (await compute.enumerateHost()).filter(({ Id }) => !own.has(Id));
  return systems.map(({ Id: id, Owner: owner, State }) => ({
    ociVersion: OCI_VERSION,
    id,
    status: stateToOciState(State) || "stopped",
    pid: 0,
    bundle: "",
    rootfs: "",
    created: "",
    owner,
  }));
}
