import type { ComputeSystem, ContainerConfig } from "../../schema/hcs.ts";
import { argonSystem } from "./compute-system.ts";
import { containerConfigV1 } from "./container-config-v1.ts";
import { containerKind } from "./container-kind.ts";
import type { ContainerResources } from "./container-resources.ts";
import type { CreateOptions } from "./create-options.ts";
import type { DocumentHost } from "./document-host.ts";
import { documentFault } from "./fault.ts";
import { hostedDocument } from "./hosted-document.ts";
import { chooseSchemaVersion, SCHEMA_V1 } from "./schema-version.ts";
import { checkTemplate } from "./template-checks.ts";
import { windowsContainer } from "./windows-container.ts";

/**
 * The document from which the service of a Windows host makes a container.
 *
 * @param utilityVmPath folder of the VM's image for schema 1, if the configuration names none
 * @throws {BundleError | UsageError} if the configuration or the options ask for what cannot be served
 */
export function windowsDocument(
  options: CreateOptions,
  resources: ContainerResources,
  host: DocumentHost,
  utilityVmPath?: string,
): ComputeSystem | ContainerConfig {
  const { spec, hostingSystem, schemaVersion: requested } = options;
  const kind = containerKind(spec);
  checkTemplate(options);
  const schema = chooseSchemaVersion({ requested, isHosted: hostingSystem !== undefined }, host);
  if (hostingSystem !== undefined) return hostedDocument({ ...options, hostingSystem }, resources, host);
  if (kind === "lcow") throw documentFault(["linux"], "is there, but no VM for it");
  if (schema.Major === SCHEMA_V1.Major) return containerConfigV1(options, resources, host, utilityVmPath);
  return argonSystem(options, windowsContainer(options, resources, host));
}
