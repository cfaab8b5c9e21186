import { UsageError } from "../../base/errors.ts";
import { onOneLine } from "../../schema/faults.ts";
import type { HostedSystem } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { ContainerResources } from "./container-resources.ts";
import type { CreateOptions } from "./create-options.ts";
import { lcowSpecification } from "./lcow-specification.ts";
import { SCHEMA_V1, SCHEMA_V2 } from "./schema-version.ts";

/**
 * A Linux container as the guest of a Linux VM gets it.
 *
 * @throws {UsageError} if schema 1 is asked for, which knows no Linux containers
 * @throws {BundleError} if the configuration asks for what cannot be served
 */
export function lcowContainer(options: CreateOptions, resources: ContainerResources): HostedSystem {
  const { id, spec, schemaVersion } = options;
  if (schemaVersion?.Major === SCHEMA_V1.Major) {
    throw new UsageError(
      `Cannot make the document of "${onOneLine(id)}": schema 1.0 knows no Linux containers`,
    );
  }
  const { rootPath, mountSources, networkNamespace, devices } = resources;
  const placed = withDevices(withNamespace(spec, networkNamespace), devices);
  return {
    SchemaVersion: SCHEMA_V2,
    OciBundlePath: rootPath,
    OciSpecification: lcowSpecification(placed, rootPath, mountSources),
  };
}

/** The guest knows devices by what stands for them there. */
function withDevices(spec: OciConfig, devices: ContainerResources["devices"]): OciConfig {
  const { windows } = spec;
  if (windows === undefined || devices === undefined) return spec;
  return { ...spec, windows: { ...windows, devices: [...devices] } };
}

function withNamespace(spec: OciConfig, namespace: string | undefined): OciConfig {
  const { windows } = spec;
  if (windows?.network === undefined || namespace === undefined) return spec;
  return { ...spec, windows: { ...windows, network: { ...windows.network, networkNamespace: namespace } } };
}
