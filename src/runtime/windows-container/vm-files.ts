/** Where a Windows host keeps the files from which VMs start. */
import { existsSync } from "node:fs";
import { win32 } from "node:path";
import type { BootFiles } from "../../oci/documents/vm/linux-vm-options.ts";

/** The kernel and root file system of Linux VMs. @param programs folder of programs, such as `C:\Program Files` */
export function linuxBootFiles(programs = "C:\\Program Files"): BootFiles {
  return {
    folder: win32.join(programs, "Linux Containers"),
    has: (folder, name) => existsSync(win32.join(folder, name)),
  };
}

/** Finds the image of a Windows VM in layers. @param layers top-most first @returns undefined if none has one */
export function findVmImage(layers: readonly string[]): string | undefined {
  return layers.map((folder) => win32.join(folder, "UtilityVM")).find((folder) => existsSync(folder));
}
