import { ContainerStateError } from "../base/errors.ts";
import type { SystemState } from "../hcs/compute-service.ts";
import type { OciConfig, OciState, OciStatus } from "../schema/oci.ts";
import { BUNDLE_PATH_KEY, CONTAINER_TYPE_KEY } from "./pod-annotations.ts";

/** The version of the OCI runtime specification that reported states comply with. */
export const OCI_VERSION = "1.3.0";

/** States of a compute system, and `ready`, `running`, `stopped`, `paused` as Kata names them. */
export type ContainerState = SystemState | "ready" | "running" | "stopped" | "paused";

/** What is known of a container. */
export interface ContainerStatus {
  id: string;
  state: ContainerState;
  /** Host pid of the init process; 0 when stopped. */
  pid: number;
  /** Those of the container's configuration: the bundle's own and the two that are added to them. */
  annotations: Readonly<Record<string, string>>;
  spec?: OciConfig;
}

const STATUS_OF = new Map<string, OciStatus>([
  ["Creating", "creating"],
  ["Created", "created"],
  ["Running", "running"],
  ["Paused", "paused"],
  ["Stopped", "stopped"],
  ["ready", "created"],
  ["running", "running"],
  ["paused", "paused"],
  ["stopped", "stopped"],
]);

/** Translates a state into the status that the OCI specification knows; the empty string for any other word. */
export function stateToOciState(state: string): OciStatus | "" {
  return STATUS_OF.get(state) ?? "";
}

/**
 * Makes the OCI state of a container. Of its annotations only the bundle's own are reported.
 *
 * @throws {ContainerStateError} `STATE_INVALID` if its annotations lack the bundle or its state is unknown
 * @see https://github.com/opencontainers/runtime-spec/blob/main/runtime.md#state
 */
export function statusToOciState({ id, state, pid, annotations: all }: ContainerStatus): OciState {
  const { [BUNDLE_PATH_KEY]: bundle, [CONTAINER_TYPE_KEY]: _, ...annotations } = all;
  const status = stateToOciState(state);
  if (status === "") throw invalidStatus(id, `"${state}" is no state of a container`);
  if (bundle === undefined) throw invalidStatus(id, `annotation ${BUNDLE_PATH_KEY} is missing`);
  const reported = Object.keys(annotations).length === 0 ? {} : { annotations };
  return { ociVersion: OCI_VERSION, id, status, pid, bundle, ...reported };
}

/**
 * Gives a copy of the configuration that a container was made from.
 *
 * @throws {ContainerStateError} `STATE_INVALID` if its status carries none
 */
export function getOciConfig({ id, spec }: Pick<ContainerStatus, "id" | "spec">): OciConfig {
  if (spec === undefined) throw invalidStatus(id, "it holds no OCI configuration");
  return structuredClone(spec);
}

function invalidStatus(id: string, problem: string): ContainerStateError {
  return new ContainerStateError(
    "STATE_INVALID",
    id,
    `Cannot use the status of container "${id}": ${problem}`,
  );
}
