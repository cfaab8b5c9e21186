import { win32 } from "node:path";
import type { ComputeSystem, Devices, RegistryChanges, VirtualMachine } from "../../../schema/hcs.ts";
import type { DocumentHost } from "../document-host.ts";
import { consoleDevices } from "./consoles.ts";
import { hvSocket } from "./hv-socket.ts";
import { scsiAttachment } from "./scsi-disk.ts";
import { verifyWindowsVmOptions } from "./verify-vm-options.ts";
import type { WindowsVmOptions } from "./vm-options.ts";
import { vmSystem } from "./vm-system.ts";
import { vmTopology } from "./vm-topology.ts";
import { vsmbShare } from "./vsmb-share.ts";

/** Where firmware finds the loader of Windows in the share of the VM's image. */
const BOOT_MANAGER = "\\EFI\\Microsoft\\Boot\\bootmgfw.efi";

const DIRECT_MAP_MB = 1024;

/** Lets each network namespace have a compartment of its own. */
const COMPARTMENT_NAMESPACE: RegistryChanges = {
  AddValues: [
    {
      Key: { Hive: "System", Name: "CurrentControlSet\\Services\\gns" },
      Name: "EnableCompartmentNamespace",
      Type: "DWord",
      DWordValue: 1,
    },
  ],
};

/**
 * The document of the utility VM of Windows containers.
 *
 * @throws {BundleError} if options exclude each other
 * @throws {UsageError} if the additional JSON is none
 */
export function windowsVm(options: WindowsVmOptions, host: DocumentHost): ComputeSystem {
  verifyWindowsVmOptions(options);
  const { templateId, disableCompartmentNamespace, externalGuestConnection, storageQos } = options;
  const machine: VirtualMachine = {
    StopOnReset: true,
    Chipset: { Uefi: { BootThis: { DevicePath: BOOT_MANAGER, DeviceType: "VmbFs" } } },
    ComputeTopology: vmTopology(options, { EnableHotHint: options.allowOvercommit }, host),
    Devices: devices(options),
    ...(disableCompartmentNamespace ? {} : { RegistryChanges: COMPARTMENT_NAMESPACE }),
    ...(storageQos === undefined ? {} : { StorageQoS: storageQos }),
    ...(externalGuestConnection ? {} : { GuestConnection: {} }),
    ...(templateId === "" ? {} : { RestoreState: { TemplateSystemId: templateId } }),
  };
  return vmSystem(options, machine);
}

function devices(options: WindowsVmOptions): Devices {
  const { osFilesPath, noDirectMap } = options;
  const os = vsmbShare("os", osFilesPath, { isReadOnly: true, isLayer: true, noDirectMap });
  return {
    HvSocket: hvSocket(),
    VirtualSmb: { DirectFileMappingInMB: DIRECT_MAP_MB, Shares: [os] },
    Scsi: { "0": { Attachments: { "0": scratch(options) } } },
    ...consoleDevices(options),
  };
}

function scratch({ layerFolders }: WindowsVmOptions): ReturnType<typeof scsiAttachment> {
  const hostPath = win32.join(layerFolders.at(-1) ?? "", "sandbox.vhdx");
  return scsiAttachment({ hostPath, isPhysical: false, isReadOnly: false });
}
