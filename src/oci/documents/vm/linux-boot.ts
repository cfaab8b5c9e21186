import { win32 } from "node:path";
import type { Chipset } from "../../../schema/hcs.ts";
import { kernelCommandLine } from "./kernel-command-line.ts";
import type { LinuxVmOptions } from "./vm-options.ts";

/** How a Linux VM starts: its kernel by the host, or by firmware from a folder of the host. */
export function linuxBoot(options: LinuxVmOptions, processorCount: number): Chipset {
  const { bootFilesPath, kernelFile, rootFsFile, rootFsType, kernelDirect } = options;
  const commandLine = kernelCommandLine(options, processorCount);
  if (!kernelDirect) {
    const entry = {
      DevicePath: `\\${kernelFile}`,
      DeviceType: "VmbFs",
      VmbFsRootPath: bootFilesPath,
    } as const;
    return { Uefi: { BootThis: { ...entry, OptionalData: commandLine } } };
  }
  return {
    LinuxKernelDirect: {
      KernelFilePath: win32.join(bootFilesPath, kernelFile),
      ...(rootFsType === "initrd" ? { InitRdPath: win32.join(bootFilesPath, rootFsFile) } : {}),
      KernelCmdLine: commandLine,
    },
  };
}
