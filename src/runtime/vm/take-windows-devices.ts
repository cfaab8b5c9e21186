import type { Holdings } from "../../base/holdings.ts";
import { driverFolders } from "../../oci/documents/device-drivers.ts";
import type { ConfiguredDevice } from "../../oci/documents/devices.ts";
import { hostedDevices } from "../../oci/documents/hosted-devices.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import { deviceTool } from "../windows-container/vm-files.ts";
import { findLocationPaths } from "./find-location-paths.ts";
import { installDriver } from "./install-driver.ts";
import { takeDevice } from "./take-device.ts";
import { takeShare } from "./take-share.ts";

/**
 * Gives a VM the devices of a Windows container, and has their drivers installed in the guest, which has to be done
 * when the devices are there and before the container is.
 *
 * @returns the devices as the guest knows them, by their location paths
 * @throws {BundleError} if a device is not one that is served
 * @throws {ToolError} if the guest does not find a device, or does not take a driver
 * @throws {UtilityVmError | ComputeError | StreamError}
 */
export async function takeWindowsDevices(
  vm: UtilityVm,
  { annotations, windows }: OciConfig,
  holdings: Holdings,
): Promise<ConfiguredDevice[]> {
  const devices = hostedDevices(windows?.devices ?? [], "windows");
  const taken: ConfiguredDevice[] = [];
  if (devices.length > 0) {
    const tool = await takeShare(vm, { hostPath: deviceTool(), readOnly: true, isFile: true }, holdings);
    for (const device of devices) {
      const { vmbusId } = await takeDevice(vm, device, holdings);
      const paths = await findLocationPaths(vm, tool, { vmbusId, name: device.instancePath });
      taken.push(...paths.map((id) => ({ id, idType: "vpci-location-path" })));
    }
  }
  for (const folder of driverFolders(annotations)) {
    const share = await takeShare(vm, { hostPath: folder, readOnly: true }, holdings);
    await installDriver(vm, folder, share);
  }
  return taken;
}
