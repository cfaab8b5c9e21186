import { isAlreadyStopped } from "../hcs/results.ts";
import { openContainer } from "./open-container.ts";
import { requireStatus } from "./lifecycle.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Sends a signal to the init process, or to every process of the container.
 *
 * @param all also accepts a container that has stopped, as engines expect of `kill --all`
 * @throws {ContainerStateError} CONTAINER_STATUS with the words `container not running`
 */
export async function killContainer(
  runtime: Runtime,
  id: string,
  signal: number,
  all: boolean,
): Promise<void> {
  const { system, status } = await openContainer(runtime, id);
  if (all) {
    await system?.signalAll({ Signal: signal }).catch((error: unknown) => {
      if (!isAlreadyStopped(error)) throw error;
    });
    return;
  }
  requireStatus("kill", id, status);
  const init = await system?.openInitProcess();
  await init?.signal({ Signal: signal });
}
