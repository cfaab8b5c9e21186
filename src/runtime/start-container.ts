import { openLiveContainer } from "./live-container.ts";
import { locked } from "./locked.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Lets the init process of a created container run its program.
 *
 * @throws {ContainerStateError} CONTAINER_NOT_FOUND or CONTAINER_STATUS
 */
export async function startContainer(runtime: Runtime, id: string): Promise<void> {
  await locked(runtime, id, async () => {
    const { system } = await openLiveContainer(runtime, id, "start");
    await system.start();
  });
}
