import type { ComputeSystem } from "../../schema/hcs.ts";
import { hostedContainer, hostedSystem } from "./compute-system.ts";
import type { ContainerResources } from "./container-resources.ts";
import type { CreateOptions } from "./create-options.ts";
import type { DocumentHost } from "./document-host.ts";
import { lcowContainer } from "./lcow-container.ts";
import { windowsContainer } from "./windows-container.ts";

/**
 * The document from which a container is made in a VM.
 *
 * @throws {BundleError | UsageError} if the configuration or the options ask for what cannot be served
 */
export function hostedDocument(
  options: CreateOptions & Required<Pick<CreateOptions, "hostingSystem">>,
  resources: ContainerResources,
  host: DocumentHost,
): ComputeSystem {
  const { hostingSystem } = options;
  const hosted =
    hostingSystem.os === "linux"
      ? lcowContainer(options, resources)
      : hostedContainer(windowsContainer(options, resources, host));
  return hostedSystem(options, hostingSystem.id, hosted);
}
