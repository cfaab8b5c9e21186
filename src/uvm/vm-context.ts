import type { VmSystem } from "../hcs/vm-system.ts";
import type { GuestDefinedCapabilities, VirtualMachine } from "../schema/hcs.ts";

/** What the devices of a VM know of it. */
export interface VmContext {
  readonly system: VmSystem;
  /** The operating system of the guest. */
  readonly os: "linux" | "windows";
  /** What the VM was made from. */
  readonly machine: VirtualMachine;
  /** Lets the VM open a file of the host. @throws {ComputeError} */
  grantAccess(path: string): Promise<void>;
  /** Tells whether the host can map files of a folder into the VM's memory. @throws {ComputeError} */
  canMapFiles(folder: string): Promise<boolean>;
  /** What the guest says that it can do; asked once. @throws {ComputeError} */
  capabilities(): Promise<GuestDefinedCapabilities>;
}

/** Names an action on a device of a VM for messages. */
export function describe(verb: "add" | "remove", what: string, name: string, { system }: VmContext): string {
  return `${verb} ${what} "${name}" ${verb === "add" ? "to" : "from"} utility VM "${system.id}"`;
}
