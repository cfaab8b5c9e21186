import type { ModifySettingRequest } from "../../schema/hcs.ts";
import { windowsMounts } from "./windows-mounts.ts";
import type { ContainerResources } from "./container-resources.ts";
import type { CreateOptions } from "./create-options.ts";
import type { DocumentHost } from "./document-host.ts";
import { documentFault } from "./fault.ts";

/** Where a request changes the folders that a running Windows container is given. */
export const MAPPED_DIRECTORY_PATH = "Container/MappedDirectories";

/** Where a request changes the pipes that a running Windows container is given. */
export const MAPPED_PIPE_PATH = "Container/MappedPipes";

/**
 * The requests that turn a container of a cloned VM into the clone that was asked for: its layers and its network are
 * those of the VM, and its mounts are added one by one.
 *
 * @throws {BundleError} if it is no Windows container in a VM, or a mount cannot be served
 */
export function cloneRequests(
  { spec, hostingSystem }: CreateOptions,
  { mountSources }: Pick<ContainerResources, "mountSources">,
  host: Pick<DocumentHost, "osBuild">,
): ModifySettingRequest[] {
  if (hostingSystem?.os !== "windows") {
    throw documentFault(["windows", "hyperv"], "is missing: only Windows containers in a VM can be cloned");
  }
  const mounts = windowsMounts(spec.mounts ?? [], { isHosted: true, sources: mountSources }, host);
  return [
    ...mounts.directories.map((directory) => addRequest(MAPPED_DIRECTORY_PATH, directory)),
    ...mounts.pipes.map((pipe) => addRequest(MAPPED_PIPE_PATH, pipe)),
  ];
}

function addRequest(path: string, settings: object): ModifySettingRequest {
  return { ResourcePath: path, RequestType: "Add", Settings: settings };
}
