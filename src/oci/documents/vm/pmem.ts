import { win32 } from "node:path";
import type {
  VirtualPMemController,
  VirtualPMemDevice,
  VirtualPMemImageFormat,
} from "../../../schema/hcs.ts";
import { omitEmpty } from "../omit-empty.ts";
import type { LinuxVmOptions } from "./vm-options.ts";

/** The persistent memory of a Linux VM, undefined for none; a root file system of type vhd is its first device. */
export function vmPmem(options: LinuxVmOptions): VirtualPMemController | undefined {
  const { vpmemDeviceCount, vpmemSizeBytes, rootFsType, bootFilesPath, rootFsFile } = options;
  if (vpmemDeviceCount === 0) return undefined;
  const root = pmemDevice(win32.join(bootFilesPath, rootFsFile));
  return omitEmpty<VirtualPMemController>({
    MaximumCount: vpmemDeviceCount,
    MaximumSizeBytes: vpmemSizeBytes,
    Devices: rootFsType === "vhd" ? { "0": root } : undefined,
  });
}

/** A read-only disk image as a persistent memory device. */
export function pmemDevice(hostPath: string): VirtualPMemDevice {
  return { HostPath: hostPath, ReadOnly: true, ImageFormat: imageFormat(hostPath) };
}

function imageFormat(path: string): VirtualPMemImageFormat {
  return win32.extname(path).toLowerCase() === ".vhdx" ? "Vhdx" : "Vhd1";
}
