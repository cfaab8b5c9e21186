import { win32 } from "node:path";
import type { Plan9Share } from "../../../schema/hcs.ts";
import { documentFault } from "../fault.ts";
import { OS_BUILDS } from "../os-builds.ts";
import { PLAN9_PORT } from "../../../hcs/vm-limits.ts";

const READ_ONLY = 0x1;
const LINUX_METADATA = 0x4;
const RESTRICTED = 0x80;

/** A folder that a Linux guest sees. @param number counts the shares of the VM, from 0 */
export function plan9Share(number: number, hostPath: string, isReadOnly: boolean): Plan9Share {
  const name = String(number);
  const flags = LINUX_METADATA | (isReadOnly ? READ_ONLY : 0);
  return { Name: name, AccessName: name, Path: hostPath, Port: PLAN9_PORT, Flags: flags };
}

/**
 * One file that a Linux guest sees, by a share of its folder that hides all others.
 *
 * @throws {BundleError} if the host is too old for that
 */
export function plan9FileShare(
  number: number,
  hostPath: string,
  isReadOnly: boolean,
  osBuild: number,
): Plan9Share {
  if (osBuild < OS_BUILDS.V19H1) {
    throw documentFault(["mounts"], `maps a single file, which Windows build ${osBuild} cannot`);
  }
  const share = plan9Share(number, win32.dirname(hostPath), isReadOnly);
  const flags = (share.Flags ?? 0) | RESTRICTED;
  return { ...share, Flags: flags, AllowedFiles: [win32.basename(hostPath)] };
}
