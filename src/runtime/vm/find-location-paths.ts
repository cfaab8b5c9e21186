import { setTimeout as sleep } from "node:timers/promises";
import { ToolError } from "../../base/errors.ts";
import { onOneLine } from "../../schema/faults.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import { oneLine, runInGuest, type GuestAnswer } from "./run-in-guest.ts";

/** The type of channel by which a guest has assigned devices on the virtual machine bus. */
const CHANNEL = "{44c4f61d-4444-4400-9d52-802e27ede19f}";

/** Milliseconds between two looks whether the guest sees the device. */
const APPEARANCE_POLL = 100;

/** A device that has been assigned to a VM. */
export interface AssignedDevice {
  vmbusId: string;
  /** The device as the host calls it. */
  name: string;
}

/**
 * Finds where a Windows guest sees a device: what its channel on the bus has below it, once that is there.
 *
 * @param tool path of device-util.exe in the guest
 * @returns one location path or more, such as `PCIROOT(0)#PCI(0100)`
 * @throws {ToolError} if the guest does not see the device in time, or the tool fails
 * @throws {ComputeError | StreamError}
 */
export async function findLocationPaths(
  { computeSystem: vm }: UtilityVm,
  tool: string,
  { vmbusId, name }: AssignedDevice,
): Promise<string[]> {
  const parent = `--parentID=VMBUS\\${CHANNEL}\\{${vmbusId}}`;
  const words = [tool, "children", parent, "--property=location"];
  const { guestCommand, guestDevice } = vm.waits;
  const end = Date.now() + guestDevice;
  for (;;) {
    const answer = await runInGuest({ vm, words, timeout: guestCommand });
    const paths = answer.exitCode === 0 ? readPaths(answer.output) : [];
    if (paths.length > 0) return paths;
    if (Date.now() > end) throw notSeen(name, answer, guestDevice);
    await sleep(APPEARANCE_POLL);
  }
}

function readPaths(output: string): string[] {
  return output
    .split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "");
}

function notSeen(name: string, { exitCode, errors }: GuestAnswer, ms: number): ToolError {
  const said = errors.trim() === "" ? "" : `: ${onOneLine(oneLine(errors))}`;
  const ended = exitCode === 0 ? "" : `, device-util.exe ended with ${exitCode}${said}`;
  const found = `the guest does not see it after ${ms} ms${ended}`;
  return new ToolError(`Cannot find PCI device "${name}" in the VM: ${found}`, errors);
}
