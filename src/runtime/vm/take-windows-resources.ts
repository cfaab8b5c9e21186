/** What the VM of a Windows container is given for it. */
import { join } from "node:path";
import type { ContainerResources } from "../../oci/documents/container-resources.ts";
import { isPipe, wcowDiskPath, wcowRootPath } from "../../oci/documents/guest-paths.ts";
import { layerDocuments, layerFolders } from "../../oci/documents/layers.ts";
import { isReadOnlyMount, requireSource } from "../../oci/documents/windows-mounts.ts";
import type { Layer } from "../../schema/hcs.ts";
import type { OciMount } from "../../schema/oci.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import type { Holdings } from "../../base/holdings.ts";
import type { HostedRequest } from "./hosted-request.ts";
import { isFileSource } from "./mount-source.ts";
import { diskOfMount, takeDisk } from "./take-disk.ts";
import { takeGuard } from "./take-guard.ts";
import { takeNetwork } from "./take-network.ts";
import { takeShare } from "./take-share.ts";
import { takeWindowsDevices } from "./take-windows-devices.ts";

/**
 * Gives a VM the layers, mounts, devices and network of a Windows container.
 *
 * @throws {BundleError} if there are no layers, or a mount's source is missing
 * @throws {UtilityVmError}
 * @throws {ToolError | StreamError | ComputeError} if the guest does not take a device
 */
export async function takeWindowsResources(
  vm: UtilityVm,
  request: HostedRequest,
  holdings: Holdings,
): Promise<ContainerResources> {
  const { spec, networkNamespace } = request.options;
  const rootPath = wcowRootPath(vm.nextContainerNumber());
  const credentials = request.guard?.CredentialGuard;
  await takeNetwork(vm, request.network, holdings);
  await takeGuard(vm, request.guard, holdings);
  const layers = await takeLayers(vm, request, rootPath, holdings);
  const mountSources = new Map<number, string>();
  for (const [index, mount] of (spec.mounts ?? []).entries()) {
    const path = await takeMount(vm, mount, index, holdings);
    if (path !== undefined) mountSources.set(index, path);
  }
  const devices = await takeWindowsDevices(vm, spec, holdings);
  return {
    rootPath,
    layers,
    mountSources,
    devices,
    ...(networkNamespace === undefined ? {} : { networkNamespace }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

async function takeLayers(
  vm: UtilityVm,
  { options: { spec }, host }: HostedRequest,
  rootPath: string,
  holdings: Holdings,
): Promise<Layer[]> {
  const { readOnly, scratch } = layerFolders(spec);
  const paths: string[] = [];
  for (const hostPath of readOnly) {
    const source = { hostPath, readOnly: true };
    paths.push(await takeShare(vm, source, holdings, vm.vsmb.layerOptions()));
  }
  await takeDisk(vm, { hostPath: join(scratch, "sandbox.vhdx"), guestPath: rootPath }, holdings);
  const layers = layerDocuments(readOnly, paths, host);
  const guestLayers = layers.map(({ Id = "", Path = "" }) => ({ id: Id, path: Path }));
  await holdings.take(
    () => vm.layers.combine({ containerRootPath: rootPath, layers: guestLayers }),
    () => vm.layers.separate(rootPath),
  );
  return layers;
}

/** @returns where the VM has the source; undefined for a pipe, whose path follows from its name */
async function takeMount(
  vm: UtilityVm,
  mount: OciMount,
  index: number,
  holdings: Holdings,
): Promise<string | undefined> {
  const hostPath = requireSource(mount, index);
  if (isPipe(hostPath)) {
    await holdings.take(
      () => vm.pipes.add(hostPath),
      () => vm.pipes.remove(hostPath),
    );
    return undefined;
  }
  if ((mount.type ?? "") !== "") {
    const disk = diskOfMount(mount, wcowDiskPath(vm.nextMountNumber()));
    return (await takeDisk(vm, disk, holdings)).guestPath;
  }
  const isFile = isFileSource(hostPath, index);
  return takeShare(vm, { hostPath, readOnly: isReadOnlyMount(mount), isFile }, holdings);
}
