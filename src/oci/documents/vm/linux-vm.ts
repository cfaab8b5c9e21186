import type { ComputeSystem, Devices, GuestConnection } from "../../../schema/hcs.ts";
import type { DocumentHost } from "../document-host.ts";
import { consoleDevices } from "./consoles.ts";
import { hvSocket } from "./hv-socket.ts";
import { linuxBoot } from "./linux-boot.ts";
import { vmPmem } from "./pmem.ts";
import { verifyLinuxVmOptions } from "./verify-vm-options.ts";
import type { LinuxVmOptions } from "./vm-options.ts";
import { vmSystem } from "./vm-system.ts";
import { vmProcessorCount } from "./vm-size.ts";
import { vmTopology } from "./vm-topology.ts";

/**
 * The document of the utility VM of Linux containers.
 *
 * @throws {BundleError} if options exclude each other, or the host cannot serve them
 * @throws {UsageError} if the additional JSON is none
 */
export function linuxVm(options: LinuxVmOptions, host: DocumentHost): ComputeSystem {
  verifyLinuxVmOptions(options, host);
  const silent = { ...host, warn: () => {} };
  const connection = guestConnection(options);
  return vmSystem(options, {
    StopOnReset: true,
    Chipset: linuxBoot(options, vmProcessorCount(options.processorCount, silent)),
    ComputeTopology: vmTopology(options, { EnableColdDiscardHint: options.enableColdDiscardHint }, host),
    Devices: devices(options),
    ...(options.storageQos === undefined ? {} : { StorageQoS: options.storageQos }),
    ...(connection === undefined ? {} : { GuestConnection: connection }),
  });
}

function devices(options: LinuxVmOptions): Devices {
  const pmem = vmPmem(options);
  return {
    HvSocket: hvSocket(),
    // Folders can be shared later only with a VM that has been made with this.
    Plan9: {},
    ...(options.scsiControllerCount === 0 ? {} : { Scsi: { "0": {} } }),
    ...(pmem === undefined ? {} : { VirtualPMem: pmem }),
    ...consoleDevices(options),
  };
}

function guestConnection(options: LinuxVmOptions): GuestConnection | undefined {
  if (!options.useGuestConnection || options.externalGuestConnection) return undefined;
  return { UseVsock: true, UseConnectedSuspend: true };
}
