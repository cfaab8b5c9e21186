import type { OciConfig } from "../../../schema/oci.ts";
import { annotationValue } from "../../annotations.ts";
import type { DocumentHost } from "../document-host.ts";
import { OS_BUILDS } from "../os-builds.ts";
import { commonVmOptions, type VmIdentity } from "./common-vm-options.ts";
import { DEFAULT_VPMEM_COUNT } from "../../../hcs/vm-limits.ts";
import { DEFAULT_VPMEM_BYTES } from "./vm-limits.ts";
import type { LinuxVmOptions } from "./vm-options.ts";

const VM = "io.microsoft.virtualmachine";

/** The boot files of Linux VMs that a host has. */
export interface BootFiles {
  /** The folder that holds them, unless the configuration names another. */
  folder: string;
  /** Tells whether the folder that is used has such a file. */
  has(folder: string, name: string): boolean;
}

/**
 * The options of the utility VM that a Linux container needs.
 *
 * @throws {BundleError} if an annotation is not what it must be
 */
export function linuxVmOptions(
  spec: OciConfig,
  identity: VmIdentity,
  bootFiles: BootFiles,
  host: Pick<DocumentHost, "osBuild">,
): LinuxVmOptions {
  const { annotations } = spec;
  const common = commonVmOptions(spec, identity);
  const options = {
    ...common,
    ...boot(spec, bootFiles, host),
    ...pmem(spec),
    kernelBootOptions: annotationValue(annotations, `${VM}.lcow.kernelbootoptions`) ?? "",
    scsiControllerCount: 1,
    ...guestAgent,
    vpciEnabled: annotationValue(annotations, `${VM}.lcow.vpcienabled`) ?? false,
    enableColdDiscardHint:
      annotationValue(annotations, `${VM}.computetopology.memory.enablecolddiscardhint`) ?? false,
  };
  // Persistent memory devices cannot be backed by physical memory.
  return common.fullyPhysicallyBacked ? { ...options, ...initrd, vpmemDeviceCount: 0 } : options;
}

const initrd = { rootFsType: "initrd", rootFsFile: "initrd.img" } as const;

const guestAgent = {
  useGuestConnection: true,
  execCommandLine: "/bin/gcs -v4 -log-format json -loglevel info",
  forwardStdout: false,
  forwardStderr: true,
} as const;

type BootOptions = Pick<
  LinuxVmOptions,
  "bootFilesPath" | "kernelDirect" | "kernelFile" | "rootFsType" | "rootFsFile"
>;

function boot(
  { annotations }: OciConfig,
  { folder, has }: BootFiles,
  { osBuild }: Pick<DocumentHost, "osBuild">,
): BootOptions {
  const bootFilesPath =
    annotationValue(annotations, `${VM}.bootfilesrootpath`) ??
    annotationValue(annotations, `${VM}.lcow.bootfilesrootpath`) ??
    folder;
  const isNewEnough = osBuild >= OS_BUILDS.KERNEL_DIRECT_BOOT;
  const kernelDirect = annotationValue(annotations, `${VM}.lcow.kerneldirectboot`) ?? isNewEnough;
  const rootFsType =
    annotationValue(annotations, `${VM}.lcow.preferredrootfstype`) ??
    (has(bootFilesPath, "rootfs.vhd") ? "vhd" : "initrd");
  return {
    bootFilesPath,
    kernelDirect,
    kernelFile: kernelDirect && has(bootFilesPath, "vmlinux") ? "vmlinux" : "kernel",
    ...(rootFsType === "vhd" ? { rootFsType, rootFsFile: "rootfs.vhd" } : initrd),
  };
}

function pmem({ annotations }: OciConfig): Pick<LinuxVmOptions, "vpmemDeviceCount" | "vpmemSizeBytes"> {
  const count = annotationValue(annotations, `${VM}.devices.virtualpmem.maximumcount`);
  const size = annotationValue(annotations, `${VM}.devices.virtualpmem.maximumsizebytes`);
  return {
    vpmemDeviceCount: Number(count ?? DEFAULT_VPMEM_COUNT),
    vpmemSizeBytes: size ?? DEFAULT_VPMEM_BYTES,
  };
}
