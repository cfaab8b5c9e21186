import { UsageError } from "../../base/errors.ts";
import { onOneLine, shown } from "../../schema/faults.ts";
import type { HostedSystem } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { ContainerResources } from "./container-resources.ts";
import type { CreateOptions } from "./create-options.ts";
import { documentFault } from "./fault.ts";
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
  requireServedDevices(spec);
  const { rootPath, mountSources, networkNamespace } = resources;
  return {
    SchemaVersion: SCHEMA_V2,
    OciBundlePath: rootPath,
    OciSpecification: lcowSpecification(withNamespace(spec, networkNamespace), rootPath, mountSources),
  };
}

function requireServedDevices({ windows }: OciConfig): void {
  windows?.devices?.forEach(({ idType }, index) => {
    if (idType === "gpu") return;
    const place = ["windows", "devices", index, "idType"];
    throw documentFault(place, `is ${shown(idType)}, must be gpu for a Linux container`);
  });
}

function withNamespace(spec: OciConfig, namespace: string | undefined): OciConfig {
  const { windows } = spec;
  if (windows?.network === undefined || namespace === undefined) return spec;
  return { ...spec, windows: { ...windows, network: { ...windows.network, networkNamespace: namespace } } };
}
