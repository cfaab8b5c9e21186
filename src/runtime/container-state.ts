import type { OciState } from "../schema/oci.ts";
import type { ContainerRecord } from "../state/container-record.ts";
import { openContainer } from "./open-container.ts";
import type { Status } from "./lifecycle.ts";
import type { Runtime } from "./runtime.ts";

/** OCI's state, with the fields that runc and runhcs add. */
export interface ContainerState extends OciState {
  rootfs: string;
  created: string;
  owner: string;
}

/**
 * Reads the OCI state of a container.
 *
 * @throws {ContainerStateError} CONTAINER_NOT_FOUND if no container has this id
 * @see https://github.com/opencontainers/runtime-spec/blob/main/runtime.md#query-state
 */
export async function containerState(runtime: Runtime, id: string): Promise<ContainerState> {
  const { record, status, pid } = await openContainer(runtime, id);
  return toContainerState(record, status, pid);
}

/** Joins what is remembered of a container with what it does now. */
export function toContainerState(record: ContainerRecord, status: Status, pid: number): ContainerState {
  const { ociVersion, id, bundle, rootfs, created, annotations, owner } = record;
  return {
    ociVersion,
    id,
    pid,
    status,
    bundle,
    rootfs,
    created,
    ...(annotations === undefined ? {} : { annotations }),
    owner,
  };
}
