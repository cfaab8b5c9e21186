import type { SaveOptions } from "../hcs/compute-service.ts";
import type { NewContainer } from "./container-plan.ts";
import { withNewContainer } from "./new-container.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Creates and starts a container; unless detached, waits for its init process and removes the container.
 *
 * @param saved continues a checkpointed container instead of starting a new one
 * @returns the exit code of the init process; 0 when detached
 */
export async function runContainer(
  runtime: Runtime,
  container: NewContainer,
  saved?: SaveOptions,
): Promise<number> {
  const { id } = container;
  return withNewContainer(runtime, container, (document, attachment) =>
    saved === undefined
      ? runtime.compute.runSystem(id, document, attachment)
      : runtime.compute.restoreSystem(id, document, attachment, saved),
  );
}
