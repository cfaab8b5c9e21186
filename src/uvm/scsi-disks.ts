import type { Attachment, LinuxMappedVirtualDisk, MappedVirtualDisk } from "../schema/hcs.ts";
import { Device, guestStep, hostStep, type DeviceStep } from "./device.ts";
import { DeviceTable, type DeviceCall, type DeviceEntry } from "./device-table.ts";
import { findScsiLocation, type ScsiLocation } from "./scsi-location.ts";
import { refusal } from "./utility-vm-error.ts";
import { describe, type VmContext } from "./vm-context.ts";

/** A disk to add. */
export interface ScsiDisk {
  /** Path of a VHD or VHDX, or of a physical drive. */
  hostPath: string;
  /** Where the guest mounts it; absent to attach it only. */
  guestPath?: string;
  readOnly?: boolean;
  /** `PassThru` for a physical drive; a virtual disk if absent. */
  type?: "VirtualDisk" | "PassThru";
  /** Whether others may have the disk too: its uses are counted, and it stays where the guest first mounted it. */
  isShared?: boolean;
}

/** A disk that is attached. */
export interface ScsiAttachment extends ScsiLocation {
  readonly guestPath: string | undefined;
  /** Whether it is a read-only layer, whose uses are counted. */
  readonly isLayer: boolean;
  /** Whether its uses are counted though it is none. */
  readonly isShared: boolean;
}

type ScsiEntry = DeviceEntry & ScsiAttachment & { readonly readOnly: boolean };

/**
 * The SCSI disks of a VM, by their path on the host. Each takes the first free LUN of the first controller that has
 * one. Only layers, and disks that are to be shared, can be added twice.
 */
export class ScsiDisks {
  readonly #vm: VmContext;
  readonly #table = new DeviceTable<ScsiEntry>();
  /** How the document of the VM names its controllers; the guest knows them by their place in this. */
  readonly #controllers: readonly string[];

  constructor(vm: VmContext) {
    this.#vm = vm;
    const controllers = Object.values(vm.machine.Devices?.Scsi ?? {});
    this.#controllers = Object.keys(vm.machine.Devices?.Scsi ?? {});
    for (const [controller, { Attachments = {} }] of controllers.entries()) {
      for (const [lun, disk] of Object.entries(Attachments)) {
        this.#enter({ controller, lun: Number(lun) }, disk);
      }
    }
  }

  /**
   * Attaches a disk that is not there yet, such as a scratch, and has the guest mount it; or counts one more use of a
   * disk that is shared.
   *
   * @throws {UtilityVmError} UVM_ALREADY_ATTACHED if the disk is there and one of its uses is not to be shared, or
   *   another disk is at its path in the guest;
   *   UVM_NO_SCSI_CONTROLLERS, UVM_TOO_MANY_ATTACHMENTS, UVM_NO_LOCATION; UVM_MODIFY
   */
  async addDisk(disk: ScsiDisk): Promise<ScsiAttachment> {
    const call = this.#call("add", disk.hostPath);
    this.#requireControllers(call);
    return this.#table.acquire(disk.hostPath, call, {
      make: () => this.#make(disk, call),
      prepare: () => this.#vm.grantAccess(disk.hostPath),
      reuse: async ({ isShared, readOnly }) => {
        const isSame = readOnly === (disk.readOnly === true);
        if (!isShared || !isSame || disk.isShared !== true)
          throw refusal("UVM_ALREADY_ATTACHED", call.action);
      },
    });
  }

  /**
   * Attaches a read-only layer, or counts one more use of it; a Linux guest mounts it at `/tmp/S<controller>/<lun>`.
   *
   * @throws {UtilityVmError} as `addDisk`; UVM_SCSI_LAYER_WCOW; UVM_ALREADY_ATTACHED if the disk is no layer
   */
  async addLayer(hostPath: string): Promise<ScsiAttachment> {
    const call = this.#call("add", hostPath);
    if (this.#vm.os === "windows") throw refusal("UVM_SCSI_LAYER_WCOW", call.action);
    this.#requireControllers(call);
    return this.#table.acquire(hostPath, call, {
      make: () => this.#make({ hostPath }, call, true),
      prepare: () => this.#vm.grantAccess(hostPath),
      reuse: async ({ isLayer }) => {
        if (!isLayer) throw refusal("UVM_ALREADY_ATTACHED", call.action);
      },
    });
  }

  /** Has the guest let go of a disk and detaches it; of a layer, the last use does. @throws {UtilityVmError} */
  async remove(hostPath: string): Promise<void> {
    const call = this.#call("remove", hostPath);
    this.#requireControllers(call);
    await this.#table.release(hostPath, call);
  }

  /** Finds a disk that is attached. */
  find(hostPath: string): ScsiAttachment | undefined {
    return this.#table.find(hostPath);
  }

  #make(disk: ScsiDisk, { action }: DeviceCall, isLayer = false): ScsiEntry {
    const entries = this.#table.all();
    const location = findScsiLocation(entries, this.#controllers.length, action);
    const guestPath = isLayer ? `/tmp/S${location.controller}/${location.lun}` : disk.guestPath || undefined;
    if (guestPath !== undefined && entries.some((entry) => entry.guestPath === guestPath)) {
      throw refusal("UVM_ALREADY_ATTACHED", `${action} at "${guestPath}"`);
    }
    const readOnly = isLayer || disk.readOnly === true;
    const attachment: Attachment = {
      Type: disk.type ?? "VirtualDisk",
      Path: disk.hostPath,
      ...(readOnly ? { ReadOnly: true } : {}),
    };
    const guest = guestDisk(this.#vm.os, location, guestPath, readOnly);
    const device = new Device(this.#vm.system, [hostStep(this.#path(location), attachment), ...guest]);
    const isShared = disk.isShared === true;
    return { ...location, guestPath, isLayer, isShared, readOnly, device, uses: 0 };
  }

  /** Occupies the place of a disk that the VM was made with. */
  #enter(location: ScsiLocation, { Path = "" }: Attachment): void {
    const device = new Device(this.#vm.system, [hostStep(this.#path(location))], 1);
    const kind = { isLayer: false, isShared: false, readOnly: false };
    this.#table.enter(Path, { ...location, ...kind, guestPath: undefined, device, uses: 1, builtIn: true });
  }

  #path({ controller, lun }: ScsiLocation): string {
    return `VirtualMachine/Devices/Scsi/${this.#controllers[controller]}/Attachments/${lun}`;
  }

  #call(verb: "add" | "remove", hostPath: string): DeviceCall {
    const action = describe(verb, "SCSI disk", hostPath, this.#vm);
    if (verb === "add") return { action, phrase: "failed to modify UVM with new SCSI mount" };
    return { action, phrase: `failed to remove SCSI disk ${hostPath} from container ${this.#vm.system.id}` };
  }

  #requireControllers({ action }: DeviceCall): void {
    if (this.#controllers.length === 0) throw refusal("UVM_NO_SCSI_CONTROLLERS", action);
  }
}

/** What the guest is asked to do. A Linux guest is told that a disk goes even if it has not mounted it. */
function guestDisk(
  os: VmContext["os"],
  { controller, lun }: ScsiLocation,
  guestPath: string | undefined,
  readOnly: boolean,
): DeviceStep[] {
  if (os === "windows") {
    if (guestPath === undefined) return [];
    const settings: MappedVirtualDisk = { ContainerPath: guestPath, Lun: lun };
    return [guestStep("MappedVirtualDisk", settings, settings)];
  }
  const gone: LinuxMappedVirtualDisk = { Lun: lun, Controller: controller };
  if (guestPath === undefined) return [guestStep("MappedVirtualDisk", undefined, gone)];
  const place = { MountPath: guestPath, ...gone };
  return [guestStep("MappedVirtualDisk", { ...place, ReadOnly: readOnly }, place)];
}
