/**
 * What a Windows container needs of its host before its document can be written, and how it is given back. It is noted
 * before it is made, so that what a killed call leaves can be found.
 */
import { resolve } from "node:path";
import { LayerError } from "../../base/errors.ts";
import { containerType } from "../../oci/container-type.ts";
import { layerFolders } from "../../oci/documents/layers.ts";
import { chosenNamespace } from "../../oci/documents/networking.ts";
import { OS_BUILDS } from "../../oci/documents/os-builds.ts";
import { sandboxId } from "../../oci/sandbox-id.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { WindowsRuntime } from "../runtime.ts";
import type { HeldResources } from "./held-resources.ts";
import { makeScratch } from "./make-scratch.ts";
import type { RuntimeOnWindows } from "./runtime-on-windows.ts";

/**
 * Makes the root file system of a container that shares the host's kernel.
 *
 * @returns its volume
 * @throws {LayerError} LAYER_BUSY if another container has its scratch, or is just getting it
 */
export async function mountRoot(runtime: RuntimeOnWindows, id: string, spec: OciConfig): Promise<string> {
  const path = spec.root?.path ?? "";
  if (path !== "") return path;
  const { layers, windows } = runtime;
  const { readOnly, scratch } = layerFolders(spec);
  const lock = windows.keys.tryLock(`@scratch-${resolve(scratch).toLowerCase()}`);
  if (lock === undefined) throw sharedScratch(id, scratch);
  try {
    await makeScratch(runtime, spec, "argon");
    if ((await layers.mountedLayer(scratch)) !== undefined) throw sharedScratch(id, scratch);
    noteResources(windows, id, { scratch });
    await layers.activateLayer(scratch);
    await layers.prepareLayer(scratch, readOnly);
    return await layers.mountPath(scratch);
  } finally {
    lock.release();
  }
}

/**
 * Connects a container to the network that its configuration names: the namespace of another container or of the
 * pod's sandbox, one that exists, or else one of its own with the endpoints of its list.
 *
 * @returns the namespace; undefined if the configuration names no network
 * @throws {ContainerStateError} CONTAINER_NOT_FOUND if there is no such other container
 * @throws {ComputeError}
 */
export async function joinNetwork(
  runtime: RuntimeOnWindows,
  id: string,
  spec: OciConfig,
): Promise<string | undefined> {
  const { windows } = runtime;
  const network = spec.windows?.network;
  if (network === undefined || windows.osBuild < OS_BUILDS.RS5) return chosenNamespace(spec, undefined);
  const existing =
    sharedNamespace(runtime, network.networkSharedContainerName) ??
    chosenNamespace(spec, undefined) ??
    namespaceOfPod(windows, spec);
  const request = {
    endpoints: network.endpointList ?? [],
    ...(existing === undefined ? {} : { namespace: existing }),
  };
  const { namespace } = await windows.networks.attachEndpoints(request, (attachment) =>
    noteResources(windows, id, { network: attachment }),
  );
  windows.notes.set(id, "netns", namespace);
  return namespace;
}

function sharedNamespace({ store, windows }: RuntimeOnWindows, owner = ""): string | undefined {
  if (owner === "") return undefined;
  store.load(owner);
  return windows.notes.get(owner, "netns");
}

function namespaceOfPod({ notes }: WindowsRuntime, spec: OciConfig): string | undefined {
  return containerType(spec) === "pod_container" ? notes.get(sandboxId(spec), "netns") : undefined;
}

/** Notes what there is to release, beside what is noted already. */
export function noteResources({ notes }: WindowsRuntime, id: string, more: HeldResources): void {
  notes.set(id, "resources", { ...notes.get(id, "resources"), ...more });
}

/** Two containers that write to one scratch damage it. */
function sharedScratch(id: string, scratch: string): LayerError {
  const message = `Cannot create container "${id}": the scratch "${scratch}" is mounted already`;
  return new LayerError("LAYER_BUSY", scratch, message);
}
