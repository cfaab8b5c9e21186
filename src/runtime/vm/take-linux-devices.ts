import type { Holdings } from "../../base/holdings.ts";
import { gpuDriverDisk } from "../../oci/documents/device-drivers.ts";
import type { ConfiguredDevice } from "../../oci/documents/devices.ts";
import { hostedDevices } from "../../oci/documents/hosted-devices.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import { takeDevice } from "./take-device.ts";
import { takeDisk } from "./take-disk.ts";

/** Where the guest's hook for GPUs looks for their drivers and tools. */
const GPU_DRIVERS = "/run/nvidia";

/**
 * Gives a VM the devices of a Linux container, and the drivers of its GPUs.
 *
 * @returns the devices as the guest knows them, by their GUIDs on its bus
 * @throws {BundleError} if a device is not one that is served
 * @throws {UtilityVmError} UVM_ALREADY_ATTACHED if another container has GPUs with other drivers; UVM_MODIFY
 */
export async function takeLinuxDevices(
  vm: UtilityVm,
  { annotations, windows }: OciConfig,
  holdings: Holdings,
): Promise<ConfiguredDevice[]> {
  const devices = hostedDevices(windows?.devices ?? [], "linux");
  const taken: ConfiguredDevice[] = [];
  for (const device of devices) {
    const { vmbusId } = await takeDevice(vm, device, holdings);
    taken.push({ id: vmbusId, idType: device.idType });
  }
  const hostPath = gpuDriverDisk(annotations);
  if (hostPath !== undefined && devices.some(({ idType }) => idType === "gpu")) {
    await takeDisk(vm, { hostPath, guestPath: GPU_DRIVERS, readOnly: true, isShared: true }, holdings);
  }
  return taken;
}
