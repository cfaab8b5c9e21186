import { PLAN9_PORT } from "../hcs/vm-limits.ts";
import type { LinuxMappedDirectory, Plan9Share } from "../schema/hcs.ts";
import { Device, guestStep, hostStep } from "./device.ts";
import { DeviceTable, type DeviceCall, type DeviceEntry } from "./device-table.ts";
import { refusal } from "./utility-vm-error.ts";
import { describe, type VmContext } from "./vm-context.ts";

/** A folder of the host to share with a Linux guest. */
export interface Plan9Folder {
  hostPath: string;
  /** Where the guest mounts it. */
  guestPath: string;
  readOnly: boolean;
  /** Names in the folder that alone can be seen; all if absent. */
  allowedFiles?: readonly string[];
}

const READ_ONLY = 0x1;
const LINUX_METADATA = 0x4;
const RESTRICTED = 0x80;

type Plan9Entry = DeviceEntry & { readonly folder: Plan9Folder };

/**
 * The folders that a VM shares by the Plan9 file protocol, by their place in the guest; uses are counted. A folder
 * can be at several places, as each container has its own.
 */
export class Plan9Shares {
  readonly #vm: VmContext;
  readonly #table = new DeviceTable<Plan9Entry>();
  #nextName = 0;

  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /**
   * Shares a folder, or counts one more use of it.
   *
   * @throws {UtilityVmError} UVM_NOT_SUPPORTED in a Windows guest; UVM_GUEST_PATH without a place in the guest;
   *   UVM_ALREADY_ATTACHED if another folder is there, or this one with other options; UVM_MODIFY
   */
  async add(folder: Plan9Folder): Promise<void> {
    const call = this.#call("add", folder.hostPath);
    if (this.#vm.os !== "linux") throw refusal("UVM_NOT_SUPPORTED", call.action);
    if (folder.guestPath === "") throw refusal("UVM_GUEST_PATH", call.action);
    await this.#table.acquire(folder.guestPath, call, {
      make: () => this.#make(folder),
      reuse: async (entry) => {
        if (!isSame(entry.folder, folder)) {
          throw refusal("UVM_ALREADY_ATTACHED", `${call.action} at "${folder.guestPath}"`);
        }
      },
    });
  }

  /** Gives one use back; with the last one the guest unmounts the share, and it ends. @throws {UtilityVmError} */
  async remove(hostPath: string, guestPath: string): Promise<void> {
    const call = this.#call("remove", hostPath);
    if (this.#vm.os !== "linux") throw refusal("UVM_NOT_SUPPORTED", call.action);
    await this.#table.release(guestPath, call, { isMeant: ({ folder }) => folder.hostPath === hostPath });
  }

  #make(folder: Plan9Folder): Plan9Entry {
    const { hostPath, guestPath, readOnly, allowedFiles } = folder;
    const name = String(this.#nextName++);
    const flags = LINUX_METADATA | (readOnly ? READ_ONLY : 0) | (allowedFiles === undefined ? 0 : RESTRICTED);
    const share: Plan9Share = { Name: name, AccessName: name, Port: PLAN9_PORT };
    const mount: LinuxMappedDirectory = {
      MountPath: guestPath,
      ShareName: name,
      Port: PLAN9_PORT,
      ReadOnly: readOnly,
    };
    const added: Plan9Share = { ...share, Path: hostPath, Flags: flags };
    if (allowedFiles !== undefined) added.AllowedFiles = [...allowedFiles];
    const device = new Device(this.#vm.system, [
      hostStep("VirtualMachine/Devices/Plan9/Shares", added, share),
      guestStep("MappedDirectory", mount, mount),
    ]);
    return { folder, device, uses: 0 };
  }

  #call(verb: "add" | "remove", hostPath: string): DeviceCall {
    return { action: describe(verb, "Plan9 share", hostPath, this.#vm) };
  }
}

function isSame(one: Plan9Folder, other: Plan9Folder): boolean {
  const files = ({ allowedFiles }: Plan9Folder): string => JSON.stringify(allowedFiles?.toSorted() ?? null);
  return one.hostPath === other.hostPath && one.readOnly === other.readOnly && files(one) === files(other);
}
