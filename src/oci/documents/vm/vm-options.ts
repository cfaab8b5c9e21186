import type { StorageQoS } from "../../../schema/hcs.ts";

/** What a utility VM is made with; sizes in MiB, 0 for the platform's default. */
export interface VmOptions {
  id: string;
  /** Names the managing client, for people. */
  owner: string;
  memorySizeInMb: number;
  /** Whether the VM's memory may be paged on the host. */
  allowOvercommit: boolean;
  /** Whether memory counts only when it is first used. */
  enableDeferredCommit: boolean;
  lowMmioGapInMb: number | bigint;
  highMmioBaseInMb: number | bigint;
  highMmioGapInMb: number | bigint;
  /** 0 for 2, or 1 on a host with one processor. */
  processorCount: number;
  /** Share of each processor, in thousandths of a percent. */
  processorLimit: number;
  processorWeight: number;
  storageQos: StorageQoS | undefined;
  /** Whether the program talks to the guest itself; otherwise the service does. */
  externalGuestConnection: boolean;
  /** Whether all memory is taken from the host at once. */
  fullyPhysicallyBacked: boolean;
  /** JSON that is merged over the document. */
  additionHcsDocumentJson: string;
  /** Pipe of the serial console, such as `\\.\pipe\vmpipe`. */
  consolePipe: string;
  enableGraphicsConsole: boolean;
}

/** What the utility VM of Linux containers is made with. */
export interface LinuxVmOptions extends VmOptions {
  /** Folder with the kernel and the root file system. */
  bootFilesPath: string;
  kernelFile: string;
  /** Whether the kernel is started without firmware. */
  kernelDirect: boolean;
  rootFsFile: string;
  rootFsType: "initrd" | "vhd";
  kernelBootOptions: string;
  scsiControllerCount: number;
  vpmemDeviceCount: number;
  vpmemSizeBytes: number | bigint;
  /** Whether a guest agent connects at all. */
  useGuestConnection: boolean;
  /** Command line of the guest agent. */
  execCommandLine: string;
  forwardStdout: boolean;
  forwardStderr: boolean;
  vpciEnabled: boolean;
  enableColdDiscardHint: boolean;
}

/** What the utility VM of Windows containers is made with. */
export interface WindowsVmOptions extends VmOptions {
  /** From the topmost layer to the base, then the folder of the VM's scratch. */
  layerFolders: readonly string[];
  /** Folder with the files of the VM's image, such as `C:\layers\base\UtilityVM\Files`. */
  osFilesPath: string;
  disableCompartmentNamespace: boolean;
  noDirectMap: boolean;
  isTemplate: boolean;
  /** Id of the VM to clone; empty for none. */
  templateId: string;
}

/** Where the memory of a VM comes from. */
export type MemoryBackingType = "Virtual" | "VirtualDeferred" | "Physical";

/** The options that say where memory comes from. */
export function memoryBacking(
  type: MemoryBackingType,
): Pick<VmOptions, "allowOvercommit" | "enableDeferredCommit"> {
  return { allowOvercommit: type !== "Physical", enableDeferredCommit: type === "VirtualDeferred" };
}
