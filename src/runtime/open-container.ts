import type { ComputeSystem, SystemState } from "../hcs/compute-service.ts";
import { isNotExist } from "../hcs/results.ts";
import { requireContainerId } from "../oci/container-id.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { toStatus, type Status } from "./lifecycle.ts";
import type { Runtime } from "./runtime.ts";

/** A container that exists: what is remembered of it, its compute system, and what it does now. */
export interface OpenContainer {
  record: ContainerRecord;
  /** Undefined once the compute service has forgotten a container that stopped. */
  system: ComputeSystem | undefined;
  state: SystemState;
  status: Status;
  /** Host pid of the init process; 0 when stopped. */
  pid: number;
}

/**
 * Finds a container and asks what it does.
 *
 * @throws {ContainerStateError} CONTAINER_ID, CONTAINER_NOT_FOUND or STATE_INVALID
 */
export async function openContainer(runtime: Runtime, id: string): Promise<OpenContainer> {
  requireContainerId(id);
  const record = runtime.store.load(id);
  const system = await openSystem(runtime, id);
  if (system === undefined) return { record, system, state: "Stopped", status: "stopped", pid: 0 };
  const { State, ProcessId } = await system.properties();
  return { record, system, state: State, status: toStatus(State), pid: ProcessId };
}

/** Opens a container's compute system. @returns undefined if the service does not know it */
export async function openSystem({ compute }: Runtime, id: string): Promise<ComputeSystem | undefined> {
  try {
    return await compute.openSystem(id);
  } catch (error) {
    if (isNotExist(error)) return undefined;
    throw error;
  }
}
