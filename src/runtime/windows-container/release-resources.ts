import { LayerError, RuntimeError } from "../../base/errors.ts";
import { Holdings } from "../../base/holdings.ts";
import type { HeldResources } from "./container-resources.ts";
import { unguardCredentials } from "./guarded-credentials.ts";
import type { RuntimeOnWindows } from "./runtime-on-windows.ts";

/**
 * Gives back what a container held of its host and of its VM; what is absent is no error. What cannot be given back
 * stays noted, and does not keep the rest.
 *
 * @throws {LayerError | ComputeError | RuntimeError}
 */
export async function releaseResources(runtime: RuntimeOnWindows, id: string): Promise<void> {
  const { notes, networks, owners, service } = runtime.windows;
  const held = notes.get(id, "resources") as HeldResources | undefined;
  if (held === undefined) return;
  const { scratch, network, credentials, vm } = held;
  const steps = new Holdings();
  if (scratch !== undefined) steps.add(() => releaseScratch(runtime, scratch));
  if (credentials !== undefined) steps.add(() => unguardCredentials(service, credentials));
  if (network !== undefined) steps.add(() => networks.releaseEndpoints(network));
  if (vm?.isOwn === true) steps.add(() => owners.end(vm, notes.get(id, "vm-runtime-id")));
  else if (vm !== undefined) steps.add(() => unlessAbsent(() => owners.ask(vm, id, "unmount")));
  await steps.release();
  notes.clear(id, "resources");
}

async function releaseScratch({ layers }: RuntimeOnWindows, scratch: string): Promise<void> {
  await unlessAbsent(() => layers.unprepareLayer(scratch));
  await unlessAbsent(() => layers.deactivateLayer(scratch));
}

/** What a VM had has ended with it. */
async function unlessAbsent(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const isAbsent =
      (error instanceof LayerError && error.code === "LAYER_NOT_FOUND") ||
      (error instanceof RuntimeError && error.code === "UVM_UNREACHABLE");
    if (!isAbsent) throw error;
  }
}
