import type { LinuxVPMemDevice, VirtualPMemController, VirtualPMemDevice } from "../schema/hcs.ts";
import { Device, guestStep, hostStep, type DeviceStep } from "./device.ts";
import { DeviceTable, type DeviceCall, type DeviceEntry } from "./device-table.ts";
import { DEFAULT_VPMEM_COUNT } from "../hcs/vm-limits.ts";
import { refusal } from "./utility-vm-error.ts";
import { describe, type VmContext } from "./vm-context.ts";

/** An image to add as persistent memory. */
export interface VpmemImage {
  /** Path of a fixed VHD, or of a VHDX, which its name tells. */
  hostPath: string;
  /** Whether the guest mounts it, at `/tmp/p<number>`. */
  expose: boolean;
  /** Size of the file in bytes, to see whether a device can hold it. */
  sizeBytes?: number;
}

/** An image that is attached. */
export interface VpmemAttachment {
  readonly number: number;
  /** Undefined if the guest does not mount it. */
  readonly guestPath: string | undefined;
}

type VpmemEntry = DeviceEntry & { readonly number: number; guestPath: string | undefined };

/**
 * The read-only images that a VM has as persistent memory (VPMEM), by their path on the host; uses are counted. Each
 * takes the lowest number that is free; 0 is that of the root file system if the VM boots from a VHD.
 */
export class VpmemDevices {
  readonly #vm: VmContext;
  readonly #table = new DeviceTable<VpmemEntry>();
  readonly #count: number;
  readonly #maximumSize: VirtualPMemController["MaximumSizeBytes"];

  constructor(vm: VmContext) {
    this.#vm = vm;
    const controller = vm.machine.Devices?.VirtualPMem;
    this.#count = controller === undefined ? 0 : (controller.MaximumCount ?? DEFAULT_VPMEM_COUNT);
    this.#maximumSize = controller?.MaximumSizeBytes;
    for (const [number, { HostPath = "" }] of Object.entries(controller?.Devices ?? {})) {
      const device = new Device(vm.system, [hostStep(devicePath(Number(number)))], 1);
      this.#table.enter(HostPath, { number: Number(number), guestPath: "/", device, uses: 1, builtIn: true });
    }
  }

  /**
   * Attaches an image, or counts one more use of it; if it is to be mounted and was not, it is from now on.
   *
   * @throws {UtilityVmError} UVM_NOT_SUPPORTED in a Windows guest, UVM_LAYER_TOO_LARGE, UVM_NO_LOCATION; UVM_MODIFY
   */
  async add(image: VpmemImage): Promise<VpmemAttachment> {
    const { hostPath, expose, sizeBytes = 0 } = image;
    const call = this.#call("add", hostPath);
    if (this.#vm.os !== "linux") throw refusal("UVM_NOT_SUPPORTED", call.action);
    if (this.#maximumSize !== undefined && sizeBytes > this.#maximumSize) {
      throw refusal("UVM_LAYER_TOO_LARGE", call.action);
    }
    const entry = await this.#table.acquire(hostPath, call, {
      make: () => this.#make(image, call),
      prepare: () => this.#vm.grantAccess(hostPath),
      reuse: async (used) => {
        if (expose && used.guestPath === undefined) await exposeEntry(used);
      },
    });
    return { number: entry.number, guestPath: expose ? entry.guestPath : undefined };
  }

  /** Gives one use back; with the last one the guest lets go of the image, and it is detached. @throws {UtilityVmError} */
  async remove(hostPath: string): Promise<void> {
    const call = this.#call("remove", hostPath);
    if (this.#vm.os !== "linux") throw refusal("UVM_NOT_SUPPORTED", call.action);
    await this.#table.release(hostPath, call);
  }

  /** Finds an image that is attached. */
  find(hostPath: string): VpmemAttachment | undefined {
    return this.#table.find(hostPath);
  }

  #make({ hostPath, expose }: VpmemImage, { action }: DeviceCall): VpmemEntry {
    const taken = new Set(this.#table.all().map(({ number }) => number));
    let number = 0;
    while (taken.has(number)) number += 1;
    if (number >= this.#count) throw refusal("UVM_NO_LOCATION", action);
    const ImageFormat = hostPath.toLowerCase().endsWith(".vhdx") ? "Vhdx" : "Vhd1";
    const settings: VirtualPMemDevice = { HostPath: hostPath, ReadOnly: true, ImageFormat };
    const steps = [hostStep(devicePath(number), settings), ...(expose ? [exposure(number)] : [])];
    const device = new Device(this.#vm.system, steps);
    return { number, guestPath: expose ? guestPath(number) : undefined, device, uses: 0 };
  }

  #call(verb: "add" | "remove", hostPath: string): DeviceCall {
    const action = describe(verb, "VPMEM device", hostPath, this.#vm);
    const phrase = `uvm::${verb === "add" ? "Add" : "Remove"}VPMEM: failed to modify utility VM configuration`;
    return { action, phrase };
  }
}

async function exposeEntry(entry: VpmemEntry): Promise<void> {
  await entry.device.extend(exposure(entry.number));
  entry.guestPath = guestPath(entry.number);
}

function devicePath(number: number): string {
  return `VirtualMachine/Devices/VirtualPMem/Devices/${number}`;
}

function guestPath(number: number): string {
  return `/tmp/p${number}`;
}

function exposure(number: number): DeviceStep {
  const settings: LinuxVPMemDevice = { DeviceNumber: number, MountPath: guestPath(number) };
  return guestStep("VPMemDevice", settings, settings);
}
