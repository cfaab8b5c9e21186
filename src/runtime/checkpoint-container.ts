import type { SaveOptions } from "../hcs/compute-service.ts";
import { openLiveContainer } from "./live-container.ts";
import { locked } from "./locked.ts";
import type { Runtime } from "./runtime.ts";

/** Writes a running container's memory and state to files. @throws {ContainerStateError | PlatformError} */
export async function checkpointContainer(runtime: Runtime, id: string, saved: SaveOptions): Promise<void> {
  await locked(runtime, id, async () => {
    const { system } = await openLiveContainer(runtime, id, "checkpoint");
    await system.save(saved);
  });
}
