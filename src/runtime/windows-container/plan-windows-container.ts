import { PlatformError, UsageError } from "../../base/errors.ts";
import type { WindowsContainerDocument } from "../../hcs/compute-service.ts";
import type { Bundle } from "../../oci/bundle.ts";
import { configFault } from "../../oci/config-fault.ts";
import { containerType } from "../../oci/container-type.ts";
import { containerKind, type ContainerKind } from "../../oci/documents/container-kind.ts";
import { layerDocuments } from "../../oci/documents/layers.ts";
import { windowsDocument } from "../../oci/documents/windows-document.ts";
import { BUNDLE_PATH_KEY, CONTAINER_TYPE_KEY } from "../../oci/pod-annotations.ts";
import { sandboxId } from "../../oci/sandbox-id.ts";
import type { ComputeSystem, ContainerConfig } from "../../schema/hcs.ts";
import type { OciConfig, OciProcess } from "../../schema/oci.ts";
import type { ContainerRecord } from "../../state/container-record.ts";
import type { ContainerPlan, NewContainer } from "../container-plan.ts";
import { joinNetwork, mountRoot, type RuntimeOnWindows } from "./container-resources.ts";
import { documentHost } from "./document-host.ts";
import { releaseResources } from "./release-resources.ts";

/**
 * Plans a container on a Windows host.
 *
 * @throws {BundleError | PlatformError | UsageError} if its bundle is for another host, or asks for what is not served
 */
export async function planWindowsContainer(
  runtime: RuntimeOnWindows,
  container: NewContainer,
  bundle: Bundle,
): Promise<ContainerPlan> {
  const { id } = container;
  const kind = containerKind(bundle.config);
  requireIsolation(container, kind);
  const process = requireProcess(bundle.config);
  return {
    record: newRecord(runtime, container, bundle, kind),
    document: () => argonDocument(runtime, id, bundle.config, process),
    release: () => releaseResources(runtime, id),
  };
}

async function argonDocument(
  runtime: RuntimeOnWindows,
  id: string,
  spec: OciConfig,
  InitProcess: OciProcess,
): Promise<WindowsContainerDocument> {
  const { owner } = runtime;
  const host = await documentHost(runtime.windows, spec, () => undefined);
  const rootPath = await mountRoot(runtime, id, spec);
  const folders = (spec.windows?.layerFolders ?? []).slice(0, -1);
  const namespace = await joinNetwork(runtime, id, spec);
  const System: ComputeSystem | ContainerConfig = windowsDocument(
    { id, owner, spec },
    {
      rootPath,
      layers: layerDocuments(folders, folders, host),
      mountSources: new Map(),
      ...(namespace === undefined ? {} : { networkNamespace: namespace }),
    },
    host,
  );
  return { System, InitProcess, GuestOs: "Windows", Owner: owner };
}

function newRecord(
  { owner }: RuntimeOnWindows,
  { id }: NewContainer,
  { path, config }: Bundle,
  kind: ContainerKind,
): ContainerRecord {
  const type = containerType(config);
  const rootPath = config.root?.path ?? "";
  return {
    format: 1,
    id,
    owner,
    ociVersion: config.ociVersion,
    bundle: path,
    rootfs: rootPath === "" ? (config.windows?.layerFolders.at(-1) ?? "") : rootPath,
    created: new Date().toISOString(),
    isolation: kind === "argon" ? "process" : "hypervisor",
    ...(type === "pod_container" ? { sandboxId: sandboxId(config) } : {}),
    annotations: { ...config.annotations, [BUNDLE_PATH_KEY]: path, [CONTAINER_TYPE_KEY]: type },
  };
}

/** A bundle cannot be asked for the other isolation than its own, because its layers are made for one. */
function requireIsolation({ id, isolation }: NewContainer, kind: ContainerKind): void {
  const own = kind === "argon" ? "process" : "hypervisor";
  if (isolation !== undefined && isolation !== own) {
    const message = `Cannot create container "${id}" with ${isolation} isolation: its bundle asks for ${own} isolation`;
    throw new UsageError(message, { hint: "Change /windows/hyperv of config.json" });
  }
  if (own === "process") return;
  const message = `Cannot create container "${id}": hypervisor isolation does not exist on this host yet`;
  throw new PlatformError("PLATFORM_UNSUPPORTED", message, {
    hint: "Take /windows/hyperv out of config.json, if its layers are those of the host's build",
  });
}

function requireProcess({ process }: OciConfig): OciProcess {
  if (process === undefined) throw configFault("configure the container", ["process"], "is missing");
  return process;
}
