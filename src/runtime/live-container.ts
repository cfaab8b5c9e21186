import type { ComputeSystem } from "../hcs/compute-service.ts";
import { requireStatus, type Operation } from "./lifecycle.ts";
import { openContainer, type OpenContainer } from "./open-container.ts";
import type { Runtime } from "./runtime.ts";

/** A container that the compute service knows. */
export type LiveContainer = OpenContainer & { system: ComputeSystem };

/**
 * Opens a container for an operation that its status must allow.
 *
 * @throws {ContainerStateError} CONTAINER_ID, CONTAINER_NOT_FOUND, STATE_INVALID or CONTAINER_STATUS
 */
export async function openLiveContainer(
  runtime: Runtime,
  id: string,
  operation: Operation,
): Promise<LiveContainer> {
  const container = await openContainer(runtime, id);
  requireStatus(operation, id, container.status);
  const { system } = container;
  if (system === undefined)
    throw new Error(`unreachable: container "${id}" is ${container.status} without a system`);
  return { ...container, system };
}
