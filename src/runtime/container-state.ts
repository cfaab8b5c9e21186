import type { OciState } from "../schema/oci.ts";
import { statusToOciState } from "../oci/oci-state.ts";
import { openContainer } from "./open-container.ts";
import type { Runtime } from "./runtime.ts";

/** OCI's state, with the fields that runc and runhcs add. */
export interface ContainerState extends OciState {
  rootfs: string;
  created: string;
  owner: string;
  /** The pod's sandbox, for a container that belongs to one. */
  sandboxId?: string;
}

/**
 * Reads the OCI state of a container.
 *
 * @throws {ContainerStateError} CONTAINER_NOT_FOUND if no container has this id
 * @see https://github.com/opencontainers/runtime-spec/blob/main/runtime.md#query-state
 */
export async function containerState(runtime: Runtime, id: string): Promise<ContainerState> {
  const { record, state, pid } = await openContainer(runtime, id);
  const { annotations, ...fixed } = statusToOciState({ id, state, pid, annotations: record.annotations });
  const { rootfs, created, owner, sandboxId } = record;
  return {
    ...fixed,
    rootfs,
    created,
    ...(sandboxId === undefined ? {} : { sandboxId }),
    ...(annotations === undefined ? {} : { annotations }),
    owner,
  };
}
