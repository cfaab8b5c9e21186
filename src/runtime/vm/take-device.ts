import type { Holdings } from "../../base/holdings.ts";
import type { HostedDevice } from "../../oci/documents/hosted-devices.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import type { VpciAttachment } from "../../uvm/vpci-devices.ts";

/** Gives a VM a PCI device of a container. @throws {UtilityVmError} */
export function takeDevice(
  { vpci }: UtilityVm,
  device: HostedDevice,
  holdings: Holdings,
): Promise<VpciAttachment> {
  return holdings.take(
    () => vpci.add(device),
    () => vpci.remove(device),
  );
}
