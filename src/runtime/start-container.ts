import { cleanUpAfter } from "../base/errors.ts";
import { findHooks } from "./hooks/find-hooks.ts";
import { openLiveContainer } from "./live-container.ts";
import { locked } from "./locked.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Lets the init process of a created container run its program.
 *
 * @throws {ContainerStateError} CONTAINER_NOT_FOUND or CONTAINER_STATUS
 * @throws {ToolError} if a hook fails whose failure stops the container
 */
export async function startContainer(runtime: Runtime, id: string): Promise<void> {
  await locked(runtime, id, async () => {
    const { system, pid } = await openLiveContainer(runtime, id, "start");
    await system.start();
    const hooked = findHooks(runtime, id);
    if (hooked === undefined) return;
    const { runStartHooks } = await import("./hooks/container-hooks.ts");
    try {
      await runStartHooks(hooked, pid, runtime.warn);
    } catch (error) {
      throw await cleanUpAfter(error, () => system.terminate());
    }
  });
}
