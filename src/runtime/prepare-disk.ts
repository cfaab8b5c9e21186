import { formatDevice } from "../layers/format-device.ts";
import type { Task } from "../layers/task.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Makes an empty ext4 file system on a whole disk, of which everything is lost: on Windows, which has no ext4, in a
 * utility VM that is given the disk; on Linux on the block device itself.
 *
 * @param disk an offline physical disk such as `\\.\PHYSICALDRIVE1`; on Linux a block device that nothing uses
 * @throws {PlatformError | ComputeError | UtilityVmError | ToolError} on Windows, as `formatInVm` does
 * @throws {LayerError | FormatError} on Linux, as `formatDevice` does
 */
export async function prepareDisk({ windows, owner }: Runtime, disk: string, task: Task): Promise<void> {
  if (windows === undefined) {
    await formatDevice(disk, task);
    return;
  }
  const { formatInVm } = await import("./vm/format-in-vm.ts");
  const { linuxBootFiles } = await import("./windows-container/vm-files.ts");
  await formatInVm({ windows, owner }, linuxBootFiles(), disk, task);
}
