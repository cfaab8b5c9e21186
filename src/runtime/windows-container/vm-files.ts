/** Where a Windows host keeps the files from which VMs start. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv, env } from "node:process";
import type { BootFiles } from "../../oci/documents/vm/linux-vm-options.ts";

/**
 * The kernel and root file system of Linux VMs: in the folder `LinuxBootFiles` beside the program, or else in that of
 * the host.
 *
 * @param program file of the program, or of its script
 * @param programs folder of the host's programs, such as `C:\Program Files`
 */
export function linuxBootFiles(
  program = argv[1] ?? argv[0] ?? "",
  programs = env["ProgramFiles"],
): BootFiles {
  const own = join(dirname(program), "LinuxBootFiles");
  return {
    folder: existsSync(own) ? own : join(programs ?? "C:\\Program Files", "Linux Containers"),
    has: (folder, name) => existsSync(join(folder, name)),
  };
}

/** Finds the image of a Windows VM in layers. @param layers top-most first @returns undefined if none has one */
export function findVmImage(layers: readonly string[]): string | undefined {
  return layers.map((folder) => join(folder, "UtilityVM")).find((folder) => existsSync(folder));
}

/**
 * The program that tells in a Windows guest where it sees a device: `device-util.exe` of hcsshim, beside this program.
 *
 * @param program file of the program, or of its script
 */
export function deviceTool(program = argv[1] ?? argv[0] ?? ""): string {
  return join(dirname(program), "device-util.exe");
}
