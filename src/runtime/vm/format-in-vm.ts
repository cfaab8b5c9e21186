import { randomUUID } from "node:crypto";
import { closing } from "../../base/closing.ts";
import { PlatformError } from "../../base/errors.ts";
import type { WindowsParts } from "../../hcs/host.ts";
import type { Task } from "../../layers/task.ts";
import { OS_BUILDS } from "../../oci/documents/os-builds.ts";
import { linuxVmOptions, type BootFiles } from "../../oci/documents/vm/linux-vm-options.ts";
import { linuxVm } from "../../oci/documents/vm/linux-vm.ts";
import type { LinuxVmOptions } from "../../oci/documents/vm/vm-options.ts";
import { UtilityVm } from "../../uvm/utility-vm.ts";
import { documentHost } from "../windows-container/document-host.ts";
import { makeFileSystem } from "./make-file-system.ts";

/** What is needed of a host for a VM that formats a disk, and the name under which the VM is the caller's. */
export interface FormatHost {
  windows: Pick<WindowsParts, "vms" | "osBuild" | "processors" | "layerId">;
  owner: string;
}

/**
 * Formats a physical disk of a Windows host with ext4, in a Linux utility VM that is made for it and always ended.
 * Any number of calls may run at the same time.
 *
 * @param disk such as `\\.\PHYSICALDRIVE1`; the service refuses one that is not offline
 * @throws {PlatformError} if the host cannot run Linux VMs
 * @throws {ComputeError | UtilityVmError} if the VM cannot be made or given the disk
 * @throws {ToolError} if the guest does not see the disk, or cannot format it
 */
export async function formatInVm(
  host: FormatHost,
  boot: BootFiles,
  disk: string,
  { signal }: Task = {},
): Promise<void> {
  const vm = await createVm(host, boot);
  await closing(vm, () => Promise.race([useVm(vm, disk), whenStopped(signal)]));
}

async function createVm({ windows, owner }: FormatHost, boot: BootFiles): Promise<UtilityVm> {
  const { osBuild } = windows;
  if (osBuild < OS_BUILDS.RS5) {
    const found = `Linux containers need Windows build ${OS_BUILDS.RS5}, the host's is ${osBuild}`;
    throw new PlatformError("PLATFORM_UNSUPPORTED", `Cannot make a Linux utility VM: ${found}`);
  }
  const id = `preparedisk-uvm-${randomUUID()}`;
  const options = linuxVmOptions({ ociVersion: "1.0.2" }, { id, owner }, boot, { osBuild });
  requireBootFiles(options, boot);
  const document = linuxVm(options, await documentHost(windows, [], () => undefined));
  return UtilityVm.create(windows.vms, { id, os: "linux", document });
}

function requireBootFiles({ bootFilesPath, kernelFile, rootFsFile }: LinuxVmOptions, boot: BootFiles): void {
  for (const file of [kernelFile, rootFsFile]) {
    if (boot.has(bootFilesPath, file)) continue;
    const message = `Cannot make a Linux utility VM: "${bootFilesPath}" has no "${file}"`;
    throw new PlatformError("PLATFORM_MISSING", message, {
      hint: "Put the kernel and the root file system of Linux utility VMs there",
    });
  }
}

async function useVm(vm: UtilityVm, disk: string): Promise<void> {
  await vm.start();
  const location = await vm.scsi.addDisk({ hostPath: disk, type: "PassThru" });
  await makeFileSystem(vm.computeSystem, disk, location);
  await vm.scsi.remove(disk);
}

/** Rejects when somebody stops the work, and never resolves. */
function whenStopped(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal?.reason as Error);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
