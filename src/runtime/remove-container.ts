import { findHooks } from "./hooks/find-hooks.ts";
import { removeSystem } from "./remove-system.ts";
import type { Runtime } from "./runtime.ts";

/** Removes a container and all that is kept of it, and runs the hooks that wait for that. */
export async function removeContainer(runtime: Runtime, id: string): Promise<void> {
  const hooked = findHooks(runtime, id);
  await removeSystem(runtime, id);
  runtime.store.remove(id);
  if (hooked === undefined) return;
  const { runStopHooks } = await import("./hooks/container-hooks.ts");
  await runStopHooks(hooked, runtime.warn);
}
