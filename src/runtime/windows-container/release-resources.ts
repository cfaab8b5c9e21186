import { ContainerStateError, LayerError, RuntimeError } from "../../base/errors.ts";
import { Holdings } from "../../base/holdings.ts";
import { unguardCredentials } from "./guarded-credentials.ts";
import { readHeldResources, type HeldResources } from "./held-resources.ts";
import type { RuntimeOnWindows } from "./runtime-on-windows.ts";

/** What becomes of a note that cannot be read: it is refused, or told, and then what can be read is given back. */
export type OnDamage = (failure: ContainerStateError) => void;

/**
 * Gives back what a container held of its host and of its VM; what is absent is no error. What cannot be given back
 * stays noted, and does not keep the rest.
 *
 * @throws {ContainerStateError} STATE_INVALID if the note is damaged, before anything is given back
 * @throws {LayerError | ComputeError | RuntimeError}
 */
export async function releaseResources(
  runtime: RuntimeOnWindows,
  id: string,
  onDamage: OnDamage = refuse,
): Promise<void> {
  const { notes, networks, owners, service } = runtime.windows;
  const { scratch, network, credentials, vm } = readNote(runtime, id, onDamage);
  const steps = new Holdings();
  if (scratch !== undefined) steps.add(() => releaseScratch(runtime, scratch));
  if (credentials !== undefined) steps.add(() => unguardCredentials(service, credentials));
  if (network !== undefined) steps.add(() => networks.releaseEndpoints(network));
  if (vm?.isOwn === true) steps.add(() => owners.end(vm, notes.get(id, "vm-runtime-id")));
  else if (vm !== undefined) steps.add(() => unlessAbsent(() => owners.ask(vm, id, "unmount")));
  await steps.release();
  notes.clear(id, "resources");
}

function refuse(failure: ContainerStateError): never {
  throw failure;
}

function readNote(
  { windows: { notes, keys } }: RuntimeOnWindows,
  id: string,
  onDamage: OnDamage,
): HeldResources {
  const note = notes.get(id, "resources");
  if (note === undefined && !notes.isDamaged(id, "resources")) return {};
  const { held, faults } =
    note === undefined ? { held: {}, faults: ["is no JSON object"] } : readHeldResources(id, note);
  if (faults.length > 0) onDamage(damaged(id, keys.placeOf(id), faults));
  return held;
}

function damaged(id: string, place: string, faults: readonly string[]): ContainerStateError {
  const found = `value "resources" of ${place} is damaged: ${faults.join(", ")}`;
  return new ContainerStateError(
    "STATE_INVALID",
    id,
    `Cannot give back what container "${id}" holds: ${found}`,
    {
      hint: `Give back what can be read of it with: runhcs delete --force ${id}`,
    },
  );
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
