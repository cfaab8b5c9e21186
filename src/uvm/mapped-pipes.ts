import { Device, hostStep } from "./device.ts";
import { DeviceTable, type DeviceCall, type DeviceEntry } from "./device-table.ts";
import { refusal } from "./utility-vm-error.ts";
import { describe, type VmContext } from "./vm-context.ts";
import { VSMB_ROOT } from "./vsmb-shares.ts";

const PIPES = "\\\\.\\pipe\\";

/** The named pipes of the host that a Windows guest can open, by their path; uses are counted. */
export class MappedPipes {
  readonly #vm: VmContext;
  readonly #table = new DeviceTable<DeviceEntry>();

  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /**
   * Lets the guest open a pipe, or counts one more use of it.
   *
   * @param hostPath such as `\\.\pipe\docker_engine`
   * @returns its path in the guest
   * @throws {UtilityVmError} UVM_NOT_SUPPORTED in a Linux guest; UVM_MODIFY
   */
  async add(hostPath: string): Promise<string> {
    const call = this.#call("add", hostPath);
    await this.#table.acquire(hostPath, call, {
      // The service takes the path as it is for the last part of the resource's.
      make: () => ({
        device: new Device(this.#vm.system, [hostStep(`VirtualMachine/Devices/MappedPipes/${hostPath}`)]),
        uses: 0,
      }),
    });
    const name = hostPath.startsWith(PIPES) ? hostPath.slice(PIPES.length) : hostPath;
    return `${VSMB_ROOT}IPC$\\${name}`;
  }

  /** Gives one use back; the guest cannot open the pipe after the last one. @throws {UtilityVmError} */
  async remove(hostPath: string): Promise<void> {
    await this.#table.release(hostPath, this.#call("remove", hostPath));
  }

  #call(verb: "add" | "remove", hostPath: string): DeviceCall {
    const action = describe(verb, "pipe", hostPath, this.#vm);
    if (this.#vm.os !== "windows") throw refusal("UVM_NOT_SUPPORTED", action);
    return { action };
  }
}
