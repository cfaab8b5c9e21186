import type { NewContainer } from "./container-plan.ts";
import { withNewContainer } from "./new-container.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Creates a container whose init process waits for `startContainer`.
 *
 * @throws {BundleError | ContainerStateError | ProcessError | PlatformError | UsageError}
 * @see https://github.com/opencontainers/runtime-spec/blob/main/runtime.md#create
 */
export async function createContainer(runtime: Runtime, container: NewContainer): Promise<void> {
  await withNewContainer(runtime, container, (document, attachment) =>
    runtime.compute.createSystem(container.id, document, attachment),
  );
}
