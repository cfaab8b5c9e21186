import type { ContainerKind } from "../../oci/documents/container-kind.ts";
import { layerDocuments, layerFolders } from "../../oci/documents/layers.ts";
import { windowsDocument } from "../../oci/documents/windows-document.ts";
import type { ComputeSystem, ContainerConfig } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";
import { joinNetwork, mountRoot, noteResources } from "./container-resources.ts";
import { documentHost } from "./document-host.ts";
import { guardOwnCredentials } from "./guarded-credentials.ts";
import { resolveMountSources } from "./mount-sources.ts";
import { findVmImage } from "./vm-files.ts";
import type { RuntimeOnWindows } from "./runtime-on-windows.ts";

/** A container that is planned. */
export interface PlannedContainer {
  id: string;
  spec: OciConfig;
  kind: ContainerKind;
}

/**
 * Makes ready on the host what a container without a VM of this program needs, and the document from which the service
 * makes it: one that shares the host's kernel, or, on hosts that know schema 1 only, one whose VM is the service's.
 * What is changed to fit the host is told.
 *
 * @throws {BundleError | LayerError | ComputeError}
 */
export async function makeHostDocument(
  runtime: RuntimeOnWindows,
  { id, spec, kind }: PlannedContainer,
): Promise<ComputeSystem | ContainerConfig> {
  const { owner, windows } = runtime;
  const folders = (spec.windows?.layerFolders ?? []).slice(0, -1);
  const host = await documentHost(windows, folders, (text) => runtime.warn(text));
  const mountSources = resolveMountSources(spec.mounts ?? [], host.osBuild);
  const rootPath = kind === "argon" ? await mountRoot(runtime, id, spec) : "";
  const namespace = await joinNetwork(runtime, id, spec);
  const credentials = await guardOwnCredentials(runtime, { id, spec, isHosted: false }, (instance) =>
    noteResources(windows, id, { credentials: instance }),
  );
  const resources = {
    rootPath,
    layers: layerDocuments(folders, folders, host),
    mountSources,
    ...(namespace === undefined ? {} : { networkNamespace: namespace }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  const image = kind === "argon" ? undefined : findVmImage(layerFolders(spec).readOnly);
  return windowsDocument({ id, owner, spec }, resources, host, image);
}
