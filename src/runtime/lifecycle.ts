import { ContainerStateError } from "../base/errors.ts";
import type { SystemState } from "../hcs/compute-service.ts";
import { stateToOciState } from "../oci/oci-state.ts";
import type { OciStatus } from "../schema/oci.ts";

/** What can be done to a container, as far as its status decides. */
export type Operation =
  "start" | "exec" | "pause" | "resume" | "kill" | "resize" | "delete" | "update" | "events" | "checkpoint";

/** A container's status: OCI's four, and `paused`, which every engine knows. */
export type Status = OciStatus;

const ALLOWED: Record<Operation, readonly Status[]> = {
  start: ["created"],
  exec: ["created", "running"],
  pause: ["created", "running"],
  resume: ["paused"],
  kill: ["created", "running", "paused"],
  resize: ["created", "running", "paused"],
  delete: ["created", "stopped"],
  update: ["created", "running", "paused"],
  events: ["created", "running", "paused"],
  checkpoint: ["running", "paused"],
};

/** The status that a compute system's state means. */
export function toStatus(state: SystemState): Status {
  const status = stateToOciState(state);
  if (status === "") throw new Error(`unreachable: "${state}" is no state of a compute system`);
  return status;
}

/**
 * Requires a status in which the operation makes sense; the words are those that engines look for.
 *
 * @throws {ContainerStateError} CONTAINER_STATUS
 */
export function requireStatus(operation: Operation, id: string, status: Status): void {
  if (ALLOWED[operation].includes(status)) return;
  throw new ContainerStateError("CONTAINER_STATUS", id, refusal(operation, id, status), {
    hint: `It must be ${ALLOWED[operation].join(" or ")}`,
  });
}

function refusal(operation: Operation, id: string, status: Status): string {
  const subject = `Cannot ${operation} container "${id}"`;
  switch (operation) {
    case "start":
      if (status === "stopped") return `${subject}: cannot start a container that has stopped`;
      if (status === "running") return `${subject}: cannot start an already running container`;
      return `${subject}: cannot start a container in the ${status} state`;
    case "exec":
      if (status !== "paused") return `${subject}: cannot exec in a ${status} container`;
      return `${subject}: cannot exec in a paused container (use --ignore-paused to override)`;
    case "delete":
      return `cannot delete container ${id} that is not stopped: ${status}`;
    case "resume":
      return `${subject}: container not paused`;
    case "pause":
      return `${subject}: ${status === "paused" ? "container already paused" : "container not running"}`;
    case "events":
      return `container with id ${id} is not running`;
    default:
      return `${subject}: container not running`;
  }
}
