import type { HostedContainer, VmService, VmSystem } from "../hcs/vm-system.ts";
import type {
  ComputeSystem,
  GuestDefinedCapabilities,
  ModifySettingRequest,
  VirtualMachine,
} from "../schema/hcs.ts";
import { CombinedLayers } from "./combined-layers.ts";
import { checkMachine } from "./check-machine.ts";
import { MappedPipes } from "./mapped-pipes.ts";
import { modifyVm } from "./modify-vm.ts";
import { NetworkNamespaces } from "./network-namespaces.ts";
import { Plan9Shares } from "./plan9-shares.ts";
import { ScsiDisks } from "./scsi-disks.ts";
import { UtilityVmError } from "./utility-vm-error.ts";
import type { VmContext } from "./vm-context.ts";
import { VpciDevices } from "./vpci-devices.ts";
import { VpmemDevices } from "./vpmem-devices.ts";
import { VsmbShares } from "./vsmb-shares.ts";

/** What a VM is made from. */
export interface UtilityVmPlan {
  id: string;
  /** The operating system of the guest. */
  os: "linux" | "windows";
  /** The document of the VM, with the devices that it boots with. */
  document: ComputeSystem;
}

/**
 * A virtual machine that runs containers: its life, and the account of what the host has given it. Devices are added
 * on the host's side first and in the guest second, and removed the other way round; what fails half-way is taken
 * back. The account is that of one process: only the process that made a VM changes its devices.
 */
export class UtilityVm {
  readonly os: "linux" | "windows";
  /** The VM as the compute service has it. */
  readonly computeSystem: VmSystem;
  readonly scsi: ScsiDisks;
  readonly vpmem: VpmemDevices;
  readonly plan9: Plan9Shares;
  readonly vsmb: VsmbShares;
  readonly pipes: MappedPipes;
  readonly vpci: VpciDevices;
  readonly networks: NetworkNamespaces;
  readonly layers: CombinedLayers;
  readonly #service: VmService;
  #containers = 0;
  #mounts = 0;
  #capabilities: GuestDefinedCapabilities | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    service: VmService,
    system: VmSystem,
    os: UtilityVmPlan["os"],
    machine: VirtualMachine,
  ) {
    this.#service = service;
    this.os = os;
    this.computeSystem = system;
    const vm: VmContext = {
      system,
      os,
      machine,
      grantAccess: (path) => service.grantVmAccess(system.id, path),
      canMapFiles: (folder) => service.canMapFiles(folder),
      capabilities: () => this.capabilities(),
    };
    this.scsi = new ScsiDisks(vm);
    this.vpmem = new VpmemDevices(vm);
    this.plan9 = new Plan9Shares(vm);
    this.vsmb = new VsmbShares(vm);
    this.pipes = new MappedPipes(vm);
    this.vpci = new VpciDevices(vm);
    this.networks = new NetworkNamespaces(vm);
    this.layers = new CombinedLayers(vm);
  }

  /**
   * Makes a VM that is not started.
   *
   * @throws {UtilityVmError} UVM_OPTIONS if the document is that of no VM, or of one with too many devices
   * @throws {ComputeError} as the service does
   */
  static async create(service: VmService, { id, os, document }: UtilityVmPlan): Promise<UtilityVm> {
    const machine = document.VirtualMachine;
    if (machine === undefined) {
      throw new UtilityVmError(
        "UVM_OPTIONS",
        `Cannot make utility VM "${id}": the document has no VirtualMachine`,
      );
    }
    checkMachine(id, machine);
    return new UtilityVm(service, await service.createVm(id, document), os, machine);
  }

  /** The id by which the compute service knows the VM. */
  get id(): string {
    return this.computeSystem.id;
  }

  /** Boots the VM; returns when its guest answers. @throws {ComputeError} */
  async start(): Promise<void> {
    await this.computeSystem.start();
  }

  /** Waits until the VM has ended. @throws {ComputeError} UNEXPECTED_EXIT */
  async wait(): Promise<void> {
    await this.computeSystem.wait();
  }

  /** Ends the VM at once. @throws {ComputeError} */
  async terminate(): Promise<void> {
    await this.computeSystem.terminate();
  }

  /** Ends the VM, waits for that, and gives its handle back; a second call does no more. @throws {ComputeError} */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Changes the VM by a document, host and guest in the order of all devices. @throws {ComputeError} */
  async modify(request: ModifySettingRequest): Promise<void> {
    await modifyVm(this.computeSystem, request);
  }

  /** A number for a container of this VM, from 1 on, each given once; its folder in the guest is named after it. */
  nextContainerNumber(): number {
    this.#containers += 1;
    return this.#containers;
  }

  /** A number for a disk that the guest mounts, from 1 on, each given once. */
  nextMountNumber(): number {
    this.#mounts += 1;
    return this.#mounts;
  }

  /** Makes a container that is not started, from a document that names this VM. @throws {ComputeError} */
  createContainer(id: string, document: ComputeSystem): Promise<HostedContainer> {
    return this.#service.createContainer(id, document);
  }

  /** What the guest says that it can do; it is asked until it answers. @throws {ComputeError} */
  async capabilities(): Promise<GuestDefinedCapabilities> {
    if (this.#capabilities === undefined) {
      const { GuestConnectionInfo: guest } = await this.computeSystem.properties(["GuestConnection"]);
      this.#capabilities = guest?.GuestDefinedCapabilities;
    }
    return this.#capabilities ?? {};
  }

  async #close(): Promise<void> {
    try {
      await this.computeSystem.terminate();
      await this.computeSystem.wait();
    } catch {
      // A VM that has ended in another way, or cannot be ended, still has a handle to give back.
    }
    await this.computeSystem.close();
  }
}
