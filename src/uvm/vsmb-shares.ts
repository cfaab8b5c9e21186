import { win32 } from "node:path";
import type { VirtualSmbShare, VirtualSmbShareOptions } from "../schema/hcs.ts";
import { Device, hostStep } from "./device.ts";
import { DeviceTable, type DeviceCall, type DeviceEntry } from "./device-table.ts";
import { refusal, UtilityVmError } from "./utility-vm-error.ts";
import { describe, type VmContext } from "./vm-context.ts";

/** Where a Windows guest finds what its host shares with it. */
export const VSMB_ROOT = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\";

/** What to share with a Windows guest, and how uses of it are told apart. */
export interface VsmbSource {
  /** Path of a folder or a file. */
  hostPath: string;
  readOnly: boolean;
  /** Whether the path is that of a file: its folder is then shared, but nothing else in it. */
  isFile?: boolean;
}

const RESOURCE = "VirtualMachine/Devices/VirtualSmb/Shares";

interface SharedFile {
  path: string;
  uses: number;
}

type VsmbEntry = DeviceEntry & {
  readonly name: string;
  readonly folder: string;
  readonly options: VirtualSmbShareOptions;
  /** Files that the guest can see, by their path in lower case; none if it can see all. */
  readonly files: Map<string, SharedFile>;
};

/** The folders and files that a VM shares by SMB over its bus (VSMB), by their path on the host; uses are counted. */
export class VsmbShares {
  readonly #vm: VmContext;
  readonly #table = new DeviceTable<VsmbEntry>();
  #names = 0;

  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /** The options of a share unless there is reason for others. */
  defaultOptions(readOnly: boolean): VirtualSmbShareOptions {
    return {
      ...(readOnly ? { ReadOnly: true, ShareRead: true, CacheIo: true, PseudoOplocks: true } : {}),
      ...(this.#mapsNothing() ? { NoDirectmap: true } : {}),
    };
  }

  /** The options of a read-only layer's share. */
  layerOptions(): VirtualSmbShareOptions {
    return { ...this.defaultOptions(true), TakeBackupPrivilege: true };
  }

  /**
   * Shares a folder or a file, or counts one more use of it. A folder that is shared keeps its options; a file is
   * added to those of its folder that can be seen, and stays one of them until the last of these uses has ended.
   *
   * @returns its path in the guest
   * @throws {UtilityVmError} UVM_NOT_SUPPORTED in a Linux guest; UVM_MODIFY
   */
  async add(source: VsmbSource, options?: VirtualSmbShareOptions): Promise<string> {
    const call = this.#call("add", source.hostPath);
    if (this.#vm.os !== "windows") throw refusal("UVM_NOT_SUPPORTED", call.action);
    const entry = await this.#table.acquire(keyOf(source), call, {
      make: () => this.#make(source, options ?? this.defaultOptions(source.readOnly)),
      prepare: (made) => this.#restrain(made),
      reuse: (used) => this.#allow(used, source),
    });
    return guestPath(entry, source);
  }

  /** Gives one use back; the share ends with the last one. @throws {UtilityVmError} UVM_NOT_ATTACHED; UVM_MODIFY */
  async remove(source: VsmbSource): Promise<void> {
    const call = this.#call("remove", source.hostPath);
    if (this.#vm.os !== "windows") throw refusal("UVM_NOT_SUPPORTED", call.action);
    try {
      await this.#table.release(keyOf(source), call, {
        isMeant: (entry) => isUsed(entry, source),
        released: (entry) => countFile(entry, source, -1),
      });
    } catch (error) {
      if (!(error instanceof UtilityVmError) || error.code !== "UVM_NOT_ATTACHED") throw error;
      const found = `${source.hostPath} is not present as a VSMB share in ${this.#vm.system.id}, cannot remove`;
      throw new UtilityVmError(error.code, `Cannot ${call.action}: ${found}`);
    }
  }

  /** Where the guest finds what is shared. @throws {UtilityVmError} UVM_NOT_ATTACHED */
  guestPath(source: VsmbSource): string {
    const action = `find VSMB share "${source.hostPath}" of utility VM "${this.#vm.system.id}"`;
    if (source.hostPath === "") {
      throw new UtilityVmError("UVM_NOT_ATTACHED", `Cannot ${action}: no hostPath passed to GetVSMBUvmPath`);
    }
    const entry = this.#table.find(keyOf(source));
    if (entry === undefined || !isUsed(entry, source)) throw refusal("UVM_NOT_ATTACHED", action);
    return guestPath(entry, source);
  }

  /** Whether no file may be mapped into the guest's memory: what the VM boots from tells it for all shares. */
  #mapsNothing(): boolean {
    const { Shares = [] } = this.#vm.machine.Devices?.VirtualSmb ?? {};
    return Shares.some(({ Options }) => Options?.NoDirectmap === true);
  }

  /** Keeps a new share's files out of the guest's memory if the host cannot map them. */
  async #restrain({ folder, options }: VsmbEntry): Promise<void> {
    if (!(await this.#vm.canMapFiles(folder))) options.NoDirectmap = true;
  }

  #make(source: VsmbSource, given: VirtualSmbShareOptions): VsmbEntry {
    this.#names += 1;
    const name = `s${this.#names.toString(16)}`;
    const restriction = source.isFile ? { RestrictFileAccess: true, SingleFileMapping: true } : {};
    const options = { ...given, ...(source.readOnly ? { ReadOnly: true } : {}), ...restriction };
    const share = { name, folder: folderOf(source), options, files: new Map<string, SharedFile>() };
    countFile(share, source, 1);
    const device = new Device(this.#vm.system, [hostStep(RESOURCE, settingsOf(share), { Name: name })]);
    return { ...share, device, uses: 0 };
  }

  /** Adds a file to those of a restricted share; other shares cannot be updated, and need not be. */
  async #allow(entry: VsmbEntry, source: VsmbSource): Promise<void> {
    if (source.isFile && !entry.files.has(fileKey(source))) {
      const files = new Map([...entry.files, [fileKey(source), newFile(source)]]);
      const Settings = settingsOf({ ...entry, files });
      await this.#vm.system.modify({ ResourcePath: RESOURCE, RequestType: "Update", Settings });
    }
    countFile(entry, source, 1);
  }

  #call(verb: "add" | "remove", hostPath: string): DeviceCall {
    return { action: describe(verb, "VSMB share", hostPath, this.#vm) };
  }
}

type Share = Pick<VsmbEntry, "name" | "folder" | "options" | "files">;

function settingsOf({ name, folder, options, files }: Share): VirtualSmbShare {
  const restriction = files.size === 0 ? {} : { AllowedFiles: [...files.values()].map(({ path }) => path) };
  return { Name: name, Path: folder, ...restriction, Options: options };
}

function guestPath({ name }: Share, { hostPath, isFile }: VsmbSource): string {
  return VSMB_ROOT + name + (isFile ? `\\${win32.basename(hostPath)}` : "");
}

/** A use of a file is given back by its own name: that of another file in the share is not it. */
function isUsed({ files }: Share, source: VsmbSource): boolean {
  return !source.isFile || (files.get(fileKey(source))?.uses ?? 0) > 0;
}

function countFile({ files }: Share, source: VsmbSource, change: 1 | -1): void {
  if (!source.isFile) return;
  const file = files.get(fileKey(source)) ?? newFile(source);
  file.uses += change;
  files.set(fileKey(source), file);
}

function newFile({ hostPath }: VsmbSource): SharedFile {
  return { path: clean(hostPath), uses: 0 };
}

function fileKey({ hostPath }: VsmbSource): string {
  return clean(hostPath).toLowerCase();
}

/** Writable and read-only uses of one folder are two shares, and so are those of a folder and of files in it. */
function keyOf(source: VsmbSource): string {
  return `${source.isFile ? "file" : "folder"}:${folderOf(source).toLowerCase()}-${source.readOnly}`;
}

function folderOf({ hostPath, isFile }: VsmbSource): string {
  return clean(isFile ? win32.dirname(clean(hostPath)) : hostPath);
}

/** A path in one spelling. A drive's root keeps its last separator, as the path means something else without. */
function clean(path: string): string {
  const normal = win32.normalize(path);
  return normal.endsWith("\\") && win32.parse(normal).root !== normal ? normal.slice(0, -1) : normal;
}
