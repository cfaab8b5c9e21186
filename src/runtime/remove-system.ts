import { openSystem } from "./open-container.ts";
import type { Runtime } from "./runtime.ts";

/** Ends what still runs of a container, and gives back what it held of its host; what is absent is no error. */
export async function removeSystem(runtime: Runtime, id: string): Promise<void> {
  const system = await openSystem(runtime, id);
  await system?.terminate();
  const { windows } = runtime;
  if (windows === undefined) return;
  const { releaseResources } = await import("./windows-container/release-resources.ts");
  await releaseResources({ ...runtime, windows }, id);
}
