/**
 * virtdisk.dll: virtual disks.
 *
 * FFI: a disk handle belongs to the caller until CloseHandle; an attached disk stays attached as long as a
 * handle is open, unless it was attached for good. Calls can block on the disk, so they run on worker threads.
 */
import { win32 } from "./signature.ts";

/** The table of virtdisk.dll. */
export const VIRTDISK = {
  file: "virtdisk.dll",
  feature: "Windows 8 or Windows Server 2012",
  functions: {
    CreateVirtualDisk: win32(
      "storage type",
      "string",
      "u32",
      "buffer",
      "u32",
      "u32",
      "buffer",
      "buffer",
      "out handle",
    ),
    OpenVirtualDisk: win32("storage type", "string", "u32", "u32", "open disk", "out handle"),
    AttachVirtualDisk: win32("handle", "buffer", "u32", "u32", "buffer", "buffer"),
    DetachVirtualDisk: win32("handle", "u32", "u32"),
    // The length is in bytes with the final NUL.
    GetVirtualDiskPhysicalPath: win32("handle", "inout u32", "buffer"),
  },
  since: {},
} as const;
