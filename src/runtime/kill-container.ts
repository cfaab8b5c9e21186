import { isAlreadyStopped } from "../hcs/results.ts";
import { requireContainerId } from "../oci/container-id.ts";
import { requireStatus } from "./lifecycle.ts";
import { openSystem } from "./open-container.ts";
import { readSignal } from "./read-signal.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Sends a signal to the init process, or to every process of the container.
 *
 * @param signalText name or number, as the operating system of the container knows it
 * @param all also accepts a container that has stopped, as engines expect of `kill --all`
 * @throws {ContainerStateError | ComputeError} with the words `container not running`
 */
export async function killContainer(
  runtime: Runtime,
  id: string,
  signalText: string,
  all: boolean,
): Promise<void> {
  const signal = readSignal(runtime, id, signalText);
  requireContainerId(id);
  runtime.store.load(id);
  const system = await openSystem(runtime, id);
  if (all) {
    await system?.signalAll({ Signal: signal }).catch((error: unknown) => {
      if (!isAlreadyStopped(error)) throw error;
    });
    return;
  }
  if (system === undefined) return requireStatus("kill", id, "stopped");
  const init = await system.openInitProcess();
  await init.signal({ Signal: signal });
}
