import { findHooks } from "./hooks/find-hooks.ts";
import { removeSystem } from "./remove-system.ts";
import type { Runtime } from "./runtime.ts";
import type { OnDamage } from "./windows-container/release-resources.ts";

/**
 * Removes a container and all that is kept of it, and runs the hooks that wait for that.
 *
 * @param onDamage is told what cannot be read of what it held; without, that is an error
 */
export async function removeContainer(runtime: Runtime, id: string, onDamage?: OnDamage): Promise<void> {
  const hooked = findHooks(runtime, id);
  await removeSystem(runtime, id, onDamage);
  runtime.store.remove(id);
  if (hooked === undefined) return;
  const { runStopHooks } = await import("./hooks/container-hooks.ts");
  await runStopHooks(hooked, runtime.warn);
}
