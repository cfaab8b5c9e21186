/** What the VM of a Linux container is given for it. */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { errnoCode, LayerError, systemFault } from "../../base/errors.ts";
import type { ContainerResources } from "../../oci/documents/container-resources.ts";
import { lcowDiskPath, lcowRootPath } from "../../oci/documents/guest-paths.ts";
import { layerFolders } from "../../oci/documents/layers.ts";
import { isHostMount } from "../../oci/documents/lcow-specification.ts";
import { requireFileShares } from "../../oci/documents/require-file-shares.ts";
import { isReadOnlyMount, requireSource } from "../../oci/documents/windows-mounts.ts";
import type { OciConfig, OciMount } from "../../schema/oci.ts";
import { UtilityVmError } from "../../uvm/utility-vm-error.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import type { Holdings } from "../../base/holdings.ts";
import type { HostedRequest } from "./hosted-request.ts";
import { isFileSource } from "./mount-source.ts";
import { diskOfMount, takeDisk } from "./take-disk.ts";
import { takeLinuxDevices } from "./take-linux-devices.ts";
import { takeNetwork } from "./take-network.ts";

/**
 * Gives a VM the layers or the root folder, the mounts, the devices and the network of a Linux container.
 *
 * @throws {BundleError} if a mount's source is missing, or the host cannot share one that is a file
 * @throws {LayerError | UtilityVmError}
 */
export async function takeLinuxResources(
  vm: UtilityVm,
  { options, network, host }: HostedRequest,
  holdings: Holdings,
): Promise<ContainerResources> {
  const { id, spec, networkNamespace } = options;
  const rootPath = lcowRootPath(id);
  await takeNetwork(vm, network, holdings);
  await takeRoot(vm, spec, rootPath, holdings);
  const mountSources = new Map<number, string>();
  for (const [index, mount] of (spec.mounts ?? []).entries()) {
    if (!isHostMount(mount)) continue;
    mountSources.set(index, await takeMount(vm, { mount, index, rootPath, host }, holdings));
  }
  const devices = await takeLinuxDevices(vm, spec, holdings);
  const common = networkNamespace === undefined ? {} : { networkNamespace };
  return { rootPath, layers: [], mountSources, devices, ...common };
}

async function takeRoot(vm: UtilityVm, spec: OciConfig, rootPath: string, holdings: Holdings): Promise<void> {
  const { path = "", readonly = false } = spec.root ?? {};
  if (path !== "") {
    return takeFolder(vm, path, { guestPath: posix.join(rootPath, "rootfs"), readOnly: readonly }, holdings);
  }
  const { readOnly, scratch } = layerFolders(spec);
  const layers: { path: string }[] = [];
  for (const folder of readOnly) layers.push({ path: await takeLayer(vm, folder, holdings) });
  const scratchPath = await takeScratch(vm, scratch, rootPath, holdings);
  const containerRootPath = posix.join(rootPath, "rootfs");
  await holdings.take(
    () => vm.layers.combine({ containerRootPath, layers, scratchPath }),
    () => vm.layers.separate(containerRootPath),
  );
}

/** A layer is persistent memory as long as there is a place for it, and a disk otherwise. */
async function takeLayer(vm: UtilityVm, folder: string, holdings: Holdings): Promise<string> {
  const hostPath = join(folder, "layer.vhd");
  const sizeBytes = sizeOf(hostPath);
  try {
    const { guestPath = "" } = await holdings.take(
      () => vm.vpmem.add({ hostPath, expose: true, sizeBytes }),
      () => vm.vpmem.remove(hostPath),
    );
    return guestPath;
  } catch (error) {
    if (!isWithoutPlace(error)) throw error;
  }
  const { guestPath = "" } = await holdings.take(
    () => vm.scsi.addLayer(hostPath),
    () => vm.scsi.remove(hostPath),
  );
  return guestPath;
}

/** @returns the folder of the container on the scratch, which containers of a pod can have together */
async function takeScratch(
  vm: UtilityVm,
  folder: string,
  rootPath: string,
  holdings: Holdings,
): Promise<string> {
  const link = join(folder, "sandbox.vhdx");
  sizeOf(link);
  const disk = { hostPath: realpathSync(link), guestPath: rootPath, isShared: true };
  const isFirst = vm.scsi.find(disk.hostPath) === undefined;
  const { guestPath = rootPath } = await takeDisk(vm, disk, holdings);
  // An earlier container of this id may have made it the first, and have left its files there for the others.
  if (isFirst && guestPath === rootPath) return rootPath;
  return posix.join(guestPath, `container_${posix.basename(rootPath)}`);
}

interface LinuxMount {
  mount: OciMount;
  index: number;
  rootPath: string;
  host: HostedRequest["host"];
}

/** @returns where the VM has the source */
async function takeMount(
  vm: UtilityVm,
  { mount, index, rootPath, host }: LinuxMount,
  holdings: Holdings,
): Promise<string> {
  const source = requireSource(mount, index);
  if (mount.type !== "bind") {
    const disk = diskOfMount(mount, lcowDiskPath(vm.nextMountNumber()));
    const attached = await takeDisk(vm, disk, holdings);
    return attached.guestPath ?? "";
  }
  const share = { guestPath: `${rootPath}/mounts/m${index}`, readOnly: isReadOnlyMount(mount) };
  if (!isFileSource(source, index)) {
    await takeFolder(vm, source, share, holdings);
    return share.guestPath;
  }
  requireFileShares(index, host);
  const name = basename(source);
  await takeFolder(vm, dirname(source), { ...share, allowedFiles: [name] }, holdings);
  return posix.join(share.guestPath, name);
}

interface FolderShare {
  guestPath: string;
  readOnly: boolean;
  allowedFiles?: readonly string[];
}

async function takeFolder(
  { plan9 }: UtilityVm,
  hostPath: string,
  share: FolderShare,
  holdings: Holdings,
): Promise<void> {
  await holdings.take(
    () => plan9.add({ hostPath, ...share }),
    () => plan9.remove(hostPath, share.guestPath),
  );
}

function isWithoutPlace(error: unknown): boolean {
  return error instanceof UtilityVmError && ["UVM_NO_LOCATION", "UVM_LAYER_TOO_LARGE"].includes(error.code);
}

/** Size in bytes of a layer's file. @throws {LayerError} LAYER_NOT_FOUND or LAYER_IO */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    const code = errnoCode(error) === "ENOENT" ? "LAYER_NOT_FOUND" : "LAYER_IO";
    throw new LayerError(code, path, `Cannot attach layer "${path}": ${systemFault(error)}`);
  }
}
