import { requireContainerId } from "../oci/container-id.ts";
import { requireStatus } from "./lifecycle.ts";
import { locked } from "./locked.ts";
import { openContainer } from "./open-container.ts";
import { removeContainer } from "./remove-container.ts";
import { removeSystem } from "./remove-system.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Removes a container that has stopped, or was created and never started, as every runtime does.
 *
 * With `force` a running one is killed first, a damaged one is removed as far as it exists, and one that does
 * not exist is no error: engines send `delete --force` after every failed create.
 *
 * @throws {ContainerStateError} CONTAINER_NOT_FOUND or CONTAINER_STATUS, without `force` only
 */
export async function deleteContainer(runtime: Runtime, id: string, force: boolean): Promise<void> {
  requireContainerId(id);
  if (force && !runtime.store.has(id)) return removeSystem(runtime, id);
  await locked(runtime, id, async () => {
    if (!force) {
      const { status } = await openContainer(runtime, id);
      requireStatus("delete", id, status);
    }
    await removeContainer(runtime, id, force ? runtime.warn : undefined);
  });
}
