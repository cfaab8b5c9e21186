import { stringifyJson } from "../../base/lossless-json.ts";
import type { OwnedVm } from "../../hcs/vm-owners.ts";
import { documentFault } from "../../oci/documents/fault.ts";
import { layerFolders } from "../../oci/documents/layers.ts";
import { containerVmOptions, type ContainerVmOptions } from "../../oci/documents/vm/container-vm.ts";
import type { ContainerVm } from "../../state/container-record.ts";
import type { VmRequest } from "../container-plan.ts";
import { joinNetwork, noteResources } from "./container-resources.ts";
import { guardOwnCredentials } from "./guarded-credentials.ts";
import type { PlannedContainer } from "./make-host-document.ts";
import { makeScratch } from "./make-scratch.ts";
import { requireDevices } from "./require-devices.ts";
import type { RuntimeOnWindows } from "./runtime-on-windows.ts";
import { findVmImage, linuxBootFiles } from "./vm-files.ts";

/** A container that is planned in a VM. */
export interface ContainerInVm extends PlannedContainer {
  vm: ContainerVm;
  request: VmRequest;
}

/**
 * Makes ready on the host what a container in a VM needs: its scratch, its network, and, if the VM is to be its own,
 * that VM. The rest is done by the VM's owner.
 *
 * @throws {BundleError | PlatformError | LayerError | ProcessError | ComputeError}
 */
export async function makeVmDocument(runtime: RuntimeOnWindows, container: ContainerInVm): Promise<OwnedVm> {
  const { id, spec, kind, vm } = container;
  requireDevices(runtime, container);
  const isOwn = vm.host === id;
  const options = isOwn ? vmOptions(runtime, container) : undefined;
  const place = { id: vm.id, pipe: vm.pipe };
  await makeScratch(runtime, spec, kind);
  // Noted before it is there, so that what a killed call leaves is found.
  noteResources(runtime.windows, id, { vm: { ...place, isOwn } });
  if (options !== undefined) await launchOwner(runtime, container, options);
  await joinNetwork(runtime, id, spec);
  if (kind !== "lcow")
    await guardOwnCredentials(runtime, { id, spec, isHosted: true }, (instance) =>
      noteResources(runtime.windows, id, { credentials: instance }),
    );
  return place;
}

async function launchOwner(
  { windows }: RuntimeOnWindows,
  { vm, request: { log, console } }: ContainerInVm,
  options: ContainerVmOptions,
): Promise<void> {
  await windows.owners.launch({
    id: vm.id,
    pipe: vm.pipe,
    options: stringifyJson({ ...options, consolePipe: console ?? options.consolePipe }),
    ...(log === undefined ? {} : { log }),
  });
}

function vmOptions(
  { owner, windows: { osBuild } }: RuntimeOnWindows,
  { id, spec, kind }: ContainerInVm,
): ContainerVmOptions {
  const files = { boot: linuxBootFiles(), utilityVmPath: "" };
  if (kind !== "lcow") files.utilityVmPath = requireVmImage(spec.windows?.hyperv?.utilityVMPath, spec);
  return containerVmOptions(kind, { id, owner, spec }, files, { osBuild });
}

function requireVmImage(configured: string | undefined, spec: ContainerInVm["spec"]): string {
  const image = configured || findVmImage(layerFolders(spec).readOnly);
  if (image !== undefined) return image;
  throw documentFault(["windows", "hyperv", "utilityVMPath"], "is missing, and no layer has a UtilityVM");
}
