/**
 * The mounts of a machine.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 */
import type { MachineFiles } from "./machine.ts";

/** The parts of a mount that tell what it shows; one line of mountinfo. */
export interface Mount {
  /** Number of the file system, as `major:minor`. */
  device: string;
  /** The folder of the file system that is mounted. */
  root: string;
  mountPoint: string;
  type: string;
  superOptions: string[];
}

/** Reads the mounts that the machine's own processes see. */
export async function readMounts(machine: MachineFiles): Promise<Mount[]> {
  return parseMountinfo((await machine.readText("/proc/self/mountinfo")) ?? "");
}

/** Reads the lines of a mountinfo file; lines that are none are skipped. */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split("\n")) {
    const fields = line.split(" ");
    const separator = fields.indexOf("-", 6);
    const [, , device, root, mountPoint] = fields;
    const [type, , superOptions] = fields.slice(separator + 1);
    if (
      separator < 0 ||
      device === undefined ||
      root === undefined ||
      mountPoint === undefined ||
      type === undefined
    )
      continue;
    mounts.push({
      device,
      root: unescapeOctal(root),
      mountPoint: unescapeOctal(mountPoint),
      type,
      superOptions: superOptions?.split(",") ?? [],
    });
  }
  return mounts;
}

/** Undoes the kernel's escapes of blank, tab, newline and backslash: `\040` and the like. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
