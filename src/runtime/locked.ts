import { requireContainerId } from "../oci/container-id.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Acts on a container while no other call changes it.
 *
 * @throws {ContainerStateError} CONTAINER_ID, CONTAINER_NOT_FOUND or CONTAINER_BUSY
 */
export async function locked<T>(runtime: Runtime, id: string, act: () => Promise<T>): Promise<T> {
  requireContainerId(id);
  const lock = await runtime.store.lock(id);
  try {
    return await act();
  } finally {
    lock.release();
  }
}
