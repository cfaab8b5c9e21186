import { openLiveContainer } from "./live-container.ts";
import { locked } from "./locked.ts";
import type { Runtime } from "./runtime.ts";

/** Suspends every process of a container. @throws {ContainerStateError} CONTAINER_STATUS */
export async function pauseContainer(runtime: Runtime, id: string): Promise<void> {
  await locked(runtime, id, async () => {
    const { system } = await openLiveContainer(runtime, id, "pause");
    await system.pause();
  });
}
