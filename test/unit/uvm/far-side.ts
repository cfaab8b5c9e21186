import { setImmediate } from "node:timers/promises";
import type { ProcessOutcome, ProcessRun } from "../../../src/hcs/process-run.ts";
import { ComputeError, HcsResult } from "../../../src/hcs/results.ts";
import type { HostedContainer, VmService, VmSystem } from "../../../src/hcs/vm-system.ts";
import type {
  ComputeSystem,
  GuestModifySettingRequest,
  ModifySettingRequest,
  Properties,
  VirtualMachine,
} from "../../../src/schema/hcs.ts";
import { checkModifyRequest } from "../../../src/schema/validate-hcs-requests.ts";
import { UtilityVm } from "../../../src/uvm/utility-vm.ts";
import { guestSettingsFault } from "./guest-settings.ts";

/** How the far side of a test behaves. */
export interface FarSideOptions {
  os?: "linux" | "windows";
  guestKnowsNamespaces?: boolean;
  /** Draws how many turns of the event loop a request takes. */
  delay?: () => number;
  /** Runs a program of the guest; it succeeds and says nothing without. */
  program?: (words: readonly string[]) => { exitCode?: number; output?: string; errors?: string };
}

/**
 * The far side of the seam: a service with one VM, which records what it is asked. It checks each request against its
 * schema and against what host and guest have, as the real ones do: nothing is added twice, nothing absent is
 * removed, no place is given twice in the guest, and the host keeps a disk as long as the guest has it mounted.
 */
export class FarSide implements VmService, VmSystem {
  readonly id: string = "vm";
  readonly waits = { guestCommand: 240_000, guestDevice: 5000, guestDriver: 600_000 };
  readonly runtimeId = "7a5c0d1e-0000-4000-8000-0000000000f1";
  /** Each call, in order: requests as they are, others by name. */
  readonly calls: (ModifySettingRequest | string)[] = [];
  /** What the host has, by resource and name. */
  readonly host = new Map<string, unknown>();
  /** What the guest has, by its place in it. */
  readonly guest = new Map<string, Record<string, unknown>>();
  readonly granted = new Set<string>();
  /** Folders whose files the host cannot map into the memory of a VM. */
  readonly unmappable = new Set<string>();
  /** A folder that cannot be opened. */
  unopenable: string | undefined;
  /** Numbers of the calls from now on that fail, counted from 1. */
  failing = new Set<number>();
  /** The result of those. */
  failure: number = HcsResult.FAIL;
  document: ComputeSystem | undefined;
  readonly containers = new Map<string, ComputeSystem>();
  readonly #options: FarSideOptions;
  #count = 0;

  constructor(options: FarSideOptions = {}) {
    this.#options = options;
  }

  get os(): "linux" | "windows" {
    return this.#options.os ?? "linux";
  }

  /** The requests for changes, without other calls. */
  get requests(): ModifySettingRequest[] {
    return this.calls.filter((call) => typeof call !== "string");
  }

  /** Lets the calls fail that have these numbers from now on; all pass without. */
  fail(...numbers: number[]): void {
    this.#count = 0;
    this.failing = new Set(numbers);
  }

  async createVm(id: string, document: ComputeSystem): Promise<VmSystem> {
    await this.#answer(`create ${id}`);
    this.document = document;
    return this;
  }

  async createContainer(id: string, document: ComputeSystem): Promise<HostedContainer> {
    await this.#answer(`create ${id} in ${document.HostingSystemId}`);
    this.containers.set(id, document);
    return { close: () => this.#answer(`close ${id}`) };
  }

  async grantVmAccess(vmId: string, path: string): Promise<void> {
    await this.#answer(`grant ${vmId} ${path}`);
    this.granted.add(path);
  }

  async canMapFiles(folder: string): Promise<boolean> {
    if (folder === this.unopenable) throw new ComputeError({ operation: "open", hresult: HcsResult.FAIL });
    return !this.unmappable.has(folder);
  }

  async start(): Promise<void> {
    await this.#answer("start");
  }

  async terminate(): Promise<void> {
    await this.#answer("terminate");
  }

  async wait(): Promise<void> {
    await this.#answer("wait");
  }

  async close(): Promise<void> {
    await this.#answer("close");
  }

  async properties(types: readonly string[] = []): Promise<Properties> {
    await this.#answer(`properties ${types.join()}`);
    const NamespaceAddRequestSupported = this.#options.guestKnowsNamespaces ?? true;
    return { GuestConnectionInfo: { GuestDefinedCapabilities: { NamespaceAddRequestSupported } } };
  }

  async runProcess({ process: { args = [] }, ends = {} }: ProcessRun): Promise<ProcessOutcome> {
    await this.#answer(`run ${args.join(" ")}`);
    const { exitCode = 0, output = "", errors = "" } = this.#options.program?.(args) ?? {};
    ends.stdout?.write(output);
    ends.stderr?.write(errors);
    return { exitCode, byteCounts: { in: 0, out: output.length, err: errors.length } };
  }

  async modify(request: ModifySettingRequest): Promise<void> {
    const { faults } = checkModifyRequest(request);
    if (faults.length > 0) throw new Error(`${JSON.stringify(request)}: ${JSON.stringify(faults)}`);
    await this.#answer(structuredClone(request));
    const { ResourcePath: path, RequestType: type = "Add", Settings, GuestRequest } = request;
    if (path !== undefined) this.#changeHost(type, hostKey(path, Settings), Settings);
    if (GuestRequest !== undefined) this.#changeGuest(GuestRequest);
  }

  async #answer(call: ModifySettingRequest | string): Promise<void> {
    this.calls.push(call);
    this.#count += 1;
    const number = this.#count;
    for (let turn = this.#options.delay?.() ?? 0; turn > 0; turn--) await setImmediate();
    if (this.failing.has(number)) {
      throw new ComputeError({ operation: "modify", systemId: this.id, hresult: this.failure });
    }
  }

  #changeHost(type: string, key: string, settings: unknown): void {
    if (type === "Remove") {
      const guests = [...this.guest.values()].filter(({ needs }) => needs === key);
      if (guests.length > 0) throw new Error(`the guest still has ${key}`);
      if (!this.host.delete(key)) throw new Error(`the host has no ${key} to remove`);
      return;
    }
    if (this.host.has(key) !== (type === "Update")) throw new Error(`cannot ${type} ${key} on the host`);
    const path = (settings as { Path?: string; HostPath?: string } | undefined) ?? {};
    const file = /Scsi|VirtualPMem/.test(key) ? (path.Path ?? path.HostPath ?? "") : undefined;
    if (file !== undefined && !this.granted.has(file)) throw new Error(`no access to ${file} was granted`);
    this.host.set(key, settings);
  }

  #changeGuest({ ResourceType = "Memory", RequestType = "Add", Settings }: GuestModifySettingRequest): void {
    const fault = guestSettingsFault(this.os, ResourceType, Settings);
    if (fault !== undefined) throw new Error(`${ResourceType}: ${fault}`);
    const settings = Settings as Record<string, unknown>;
    if (ResourceType === "VPCIDevice") {
      // The guest waits for what the host has given it, and keeps nothing; to remove it is no request that it knows.
      const place = `${DEVICES}/VirtualPci/${String(settings["VMBusGUID"])}`;
      if (RequestType !== "Add" || !this.host.has(place)) throw new Error(`cannot ${RequestType} ${place}`);
      return;
    }
    const { place, needs } = guestPlace(ResourceType, settings);
    if (ResourceType === "Network" && this.os === "windows") {
      this.#changeWindowsAdapter(place, settings["RequestType"] as string);
    } else if (RequestType === "Remove") {
      const isEject = ResourceType === "MappedVirtualDisk" && settings["MountPath"] === undefined;
      if (!this.guest.delete(place) && !isEject) throw new Error(`the guest has no ${place} to remove`);
    } else {
      if (this.guest.has(place)) throw new Error(`the guest has something at ${place}`);
      if (needs !== undefined && !this.host.has(needs)) throw new Error(`${place} needs ${needs}`);
      this.guest.set(place, { ...settings, needs });
    }
  }

  /** An adapter in a Windows guest is announced, then added, then removed. */
  #changeWindowsAdapter(place: string, phase: string): void {
    const found = this.guest.get(place)?.["phase"];
    const isOnHost = this.host.has(place);
    if (phase === "PreAdd" && found === undefined && !isOnHost) this.guest.set(place, { phase });
    else if (phase === "Add" && found === "PreAdd" && isOnHost)
      this.guest.set(place, { phase, needs: place });
    else if (phase === "Remove" && found !== undefined) this.guest.delete(place);
    else throw new Error(`cannot ${phase} ${place} after ${String(found)}`);
  }
}

/** Makes a VM over a far side, with the calls of its making forgotten. */
export async function vmOver(far: FarSide, devices: VirtualMachine["Devices"] = {}): Promise<UtilityVm> {
  const document: ComputeSystem = { VirtualMachine: { Devices: devices } };
  const vm = await UtilityVm.create(far, { id: far.id, os: far.os, document });
  far.calls.length = 0;
  return vm;
}

function hostKey(path: string, settings: unknown): string {
  const { Name } = (settings as { Name?: string } | undefined) ?? {};
  return path.endsWith("/Shares") ? `${path}/${Name}` : path;
}

const DEVICES = "VirtualMachine/Devices";

/** Names a thing in the guest, and what of the host it is made from. */
function guestPlace(type: string, settings: Record<string, unknown>): { place: string; needs?: string } {
  const text = (name: string): string => String(settings[name]);
  switch (type) {
    case "MappedVirtualDisk": {
      const place = settings["MountPath"] ?? settings["ContainerPath"];
      const controller = settings["Controller"] ?? 0;
      const needs = `${DEVICES}/Scsi/${String(controller)}/Attachments/${text("Lun")}`;
      return { place: String(place), needs };
    }
    case "MappedDirectory":
      return { place: text("MountPath"), needs: `${DEVICES}/Plan9/Shares/${text("ShareName")}` };
    case "VPMemDevice":
      return {
        place: text("MountPath"),
        needs: `${DEVICES}/VirtualPMem/Devices/${text("DeviceNumber")}`,
      };
    case "Network": {
      const place = `${DEVICES}/NetworkAdapters/${String(settings["AdapterId"] ?? settings["ID"])}`;
      return { place, needs: place };
    }
    case "CombinedLayers":
      // A Windows guest lays them over the scratch, where that is.
      return { place: `layers ${text("ContainerRootPath")}` };
    default:
      return { place: `${type} ${text("ID")}` };
  }
}
