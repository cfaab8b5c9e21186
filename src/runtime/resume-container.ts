import { openLiveContainer } from "./live-container.ts";
import { locked } from "./locked.ts";
import type { Runtime } from "./runtime.ts";

/** Lets a paused container go on. @throws {ContainerStateError} CONTAINER_STATUS */
export async function resumeContainer(runtime: Runtime, id: string): Promise<void> {
  await locked(runtime, id, async () => {
    const { system } = await openLiveContainer(runtime, id, "resume");
    await system.resume();
  });
}
