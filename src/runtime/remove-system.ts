import { openSystem } from "./open-container.ts";
import type { Runtime } from "./runtime.ts";
import type { OnDamage } from "./windows-container/release-resources.ts";

/**
 * Ends what still runs of a container, and gives back what it held of its host; what is absent is no error.
 *
 * @param onDamage is told what cannot be read of what it held; without, that is an error
 */
export async function removeSystem(runtime: Runtime, id: string, onDamage?: OnDamage): Promise<void> {
  const system = await openSystem(runtime, id);
  await system?.terminate();
  const { windows } = runtime;
  if (windows === undefined) return;
  const { releaseResources } = await import("./windows-container/release-resources.ts");
  await releaseResources({ ...runtime, windows }, id, onDamage);
}
