/** Failures of state that all stores have, in one form. */
import { ContainerStateError } from "../base/errors.ts";

/** @param found how the store itself says it, after the phrase that engines look for */
export function missingContainer(id: string, found = ""): ContainerStateError {
  return new ContainerStateError("CONTAINER_NOT_FOUND", id, `container "${id}" does not exist${found}`, {
    hint: "See the containers with: runhcs list",
  });
}

/** @param message the phrase that callers look for */
export function existingContainer(id: string, message: string): ContainerStateError {
  return new ContainerStateError("CONTAINER_EXISTS", id, message, {
    hint: `Choose another id, or remove the container with: runhcs delete ${id}`,
  });
}

/** @param found what of it is missing */
export function halfMadeContainer(id: string, found: string): ContainerStateError {
  return new ContainerStateError(
    "STATE_INVALID",
    id,
    `Cannot read the state of container "${id}": ${found}`,
    { hint: `Remove the container with: runhcs delete --force ${id}` },
  );
}

/** @param ms how long the lock was waited for */
export function busyContainer(id: string, ms: number): ContainerStateError {
  const message = `Cannot change container "${id}": another call has been at work on it for ${ms / 1000} s`;
  return new ContainerStateError("CONTAINER_BUSY", id, message);
}
