/**
 * The part of the seam that a utility VM is driven through: what its compute system offers, and what the service
 * does for it. Both hosts have it; nothing in it tells which one it is.
 */
import type {
  ComputeSystem,
  GuestConnectionInfo,
  ModifySettingRequest,
  SystemPropertyType,
} from "../schema/hcs.ts";
import type { ProcessOutcome, ProcessRun } from "./process-run.ts";

/** What a VM tells of itself that is acted on. */
export interface VmProperties {
  Id?: string;
  GuestConnectionInfo?: GuestConnectionInfo;
}

/** How long the guest of a VM is waited for, in milliseconds. */
export interface GuestWaits {
  /** A command is done that looks, or sets something up. */
  readonly guestCommand: number;
  /** A disk or a device is seen that the VM was given. */
  readonly guestDevice: number;
  /** The drivers of a folder are installed. */
  readonly guestDriver: number;
}

/** The compute system of one VM. */
export interface VmSystem {
  readonly id: string;
  readonly waits: GuestWaits;
  /** GUID that the service has given to this VM alone; "" if it tells none. */
  readonly runtimeId: string;
  /** Boots the VM. Returns when its guest answers. @throws {ComputeError} */
  start(): Promise<void>;
  /**
   * Changes the running VM: what `ResourcePath` names on the host's side, or what `GuestRequest` asks of the guest.
   *
   * @throws {ComputeError} when that side refuses; it has then changed nothing
   */
  modify(request: ModifySettingRequest): Promise<void>;
  /** @throws {ComputeError} */
  properties(types?: readonly SystemPropertyType[]): Promise<VmProperties>;
  /**
   * Runs a process in the guest, beside its containers, to its end.
   *
   * @throws {ComputeError} if it cannot be made
   * @throws {StreamError} if its streams are not as asked; it is killed then
   */
  runProcess(run: ProcessRun): Promise<ProcessOutcome>;
  /** Ends the VM without asking its guest; one that has ended is no error. */
  terminate(): Promise<void>;
  /** Waits until the VM has ended. @throws {ComputeError} UNEXPECTED_EXIT if nobody asked for it */
  wait(): Promise<void>;
  /** Gives the handle back. A document can say that the last one ends the VM. */
  close(): Promise<void>;
}

/** A handle of a container in a VM. */
export interface HostedContainer {
  /** Gives the handle back. The document can say that the last one ends the container. */
  close(): Promise<void>;
}

/** What makes VMs, and containers in them. */
export interface VmService {
  /** Makes a VM that is not started. @throws {ComputeError} SYSTEM_ALREADY_EXISTS */
  createVm(id: string, document: ComputeSystem): Promise<VmSystem>;
  /** Makes a container that is not started in the VM that its document names. @throws {ComputeError} SYSTEM_ALREADY_EXISTS */
  createContainer(id: string, document: ComputeSystem): Promise<HostedContainer>;
  /**
   * Lets a VM open a file of the host, such as the VHD of a layer. To do so twice is no error.
   *
   * @see https://learn.microsoft.com/virtualization/api/hcs/reference/hcsgrantvmaccess
   */
  grantVmAccess(vmId: string, path: string): Promise<void>;
  /**
   * Tells whether files of a folder can be mapped into the memory of a VM that shares it. The host cannot do that with
   * every file system, and sharing fails unless it is told not to.
   *
   * @throws {ComputeError} if the folder cannot be opened
   */
  canMapFiles(folder: string): Promise<boolean>;
}
