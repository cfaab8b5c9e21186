import { randomUUID } from "node:crypto";
import type { LinuxVpciDevice, VirtualPciDevice } from "../schema/hcs.ts";
import { Device, guestStep, hostStep } from "./device.ts";
import { DeviceTable, type DeviceCall, type DeviceEntry } from "./device-table.ts";
import { describe, type VmContext } from "./vm-context.ts";

/** A function of a PCI device of the host. */
export interface PciFunction {
  /** Instance path of the device, such as `PCIP\VEN_10DE&DEV_13F2\4&1F9D1F3&0&0010`; its case does not matter. */
  instancePath: string;
  /** Index of the virtual function of a device that can be divided (SR-IOV), from 0 to 65535; 0 of one that cannot. */
  virtualFunction: number;
}

/** A device that is assigned. */
export interface VpciAttachment {
  /** GUID by which the guest's side of the virtual machine bus (VMBus) knows the device. */
  readonly vmbusId: string;
}

type VpciEntry = DeviceEntry & VpciAttachment;

/** The PCI devices of the host that are assigned to a VM, by their instance path and function; uses are counted. */
export class VpciDevices {
  readonly #vm: VmContext;
  readonly #table = new DeviceTable<VpciEntry>();

  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /**
   * Assigns a device, or counts one more use of it. A Linux guest answers once the device is there.
   *
   * @throws {UtilityVmError} UVM_MODIFY
   */
  async add(pci: PciFunction): Promise<VpciAttachment> {
    const { vmbusId } = await this.#table.acquire(keyOf(pci), this.#call("add", pci), {
      make: () => this.#make(pci),
    });
    return { vmbusId };
  }

  /** Gives one use back; the host has the device again after the last one. @throws {UtilityVmError} */
  async remove(pci: PciFunction): Promise<void> {
    await this.#table.release(keyOf(pci), this.#call("remove", pci));
  }

  #make({ instancePath, virtualFunction }: PciFunction): VpciEntry {
    const vmbusId = randomUUID();
    const settings: VirtualPciDevice = {
      Functions: [{ DeviceInstancePath: instancePath, VirtualFunction: virtualFunction }],
    };
    const host = hostStep(`VirtualMachine/Devices/VirtualPci/${vmbusId}`, settings);
    const guest: LinuxVpciDevice = { VMBusGUID: vmbusId };
    // A guest can be asked to wait for a device, not to let go of it: it sees that the device is gone.
    const { add } = guestStep("VPCIDevice", guest, undefined);
    const steps = this.#vm.os === "linux" && add !== undefined ? [host, { add }] : [host];
    return { vmbusId, device: new Device(this.#vm.system, steps), uses: 0 };
  }

  #call(verb: "add" | "remove", { instancePath, virtualFunction }: PciFunction): DeviceCall {
    const name = virtualFunction === 0 ? instancePath : `${instancePath}/${virtualFunction}`;
    return { action: describe(verb, "PCI device", name, this.#vm) };
  }
}

function keyOf({ instancePath, virtualFunction }: PciFunction): string {
  return `${instancePath.toLowerCase()}/${virtualFunction}`;
}
