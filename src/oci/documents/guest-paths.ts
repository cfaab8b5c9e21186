/** Where things are seen in a utility VM. */

const VSMB_ROOT = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}";
const PIPE_PREFIX = /^\\\\\.\\pipe\\/i;

/** The folder of a VSMB share in a Windows guest. */
export function vsmbGuestPath(share: string): string {
  return `${VSMB_ROOT}\\${share}`;
}

/** Tells whether a path is that of a named pipe. */
export function isPipe(path: string): boolean {
  return PIPE_PREFIX.test(path);
}

/** The name of a pipe without the prefix that all pipes have. */
export function pipeName(path: string): string {
  return path.replace(PIPE_PREFIX, "");
}

/** A pipe of the host, as a Windows guest sees it. */
export function pipeGuestPath(path: string): string {
  return `${VSMB_ROOT}\\IPC$\\${pipeName(path)}`;
}

/** The folder of a Windows container in its VM. @param number counts the containers of the VM, from 1 */
export function wcowRootPath(number: number): string {
  return `C:\\c\\${number.toString(16)}`;
}

/** The folder of a Linux container in its VM. */
export function lcowRootPath(id: string): string {
  return `/run/gcs/c/${id}`;
}

/** Where a disk is mounted in a Windows guest. @param number counts the mounts of the VM, from 1 */
export function wcowDiskPath(number: number): string {
  return `C:\\mounts\\m${number}`;
}

/** Where a disk is mounted in a Linux guest. @param number counts the mounts of the VM, from 1 */
export function lcowDiskPath(number: number): string {
  return `/run/mounts/m${number}`;
}
