import type { LinuxResources } from "../schema/oci.ts";
import { openLiveContainer } from "./live-container.ts";
import { locked } from "./locked.ts";
import type { Runtime } from "./runtime.ts";

/** Changes the resource limits of a container. @throws {ContainerStateError} CONTAINER_STATUS */
export async function updateContainer(
  runtime: Runtime,
  id: string,
  resources: LinuxResources,
): Promise<void> {
  await locked(runtime, id, async () => {
    const { system } = await openLiveContainer(runtime, id, "update");
    await system.modify({ ResourcePath: "Container/Resources", RequestType: "Update", Settings: resources });
  });
}
