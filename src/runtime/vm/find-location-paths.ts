import { setTimeout as sleep } from "node:timers/promises";
import { ToolError } from "../../base/errors.ts";
import { onOneLine } from "../../schema/faults.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import { oneLine, runInGuest, type GuestAnswer } from "./run-in-guest.ts";

/** The type of channel by which a guest has assigned devices on the virtual machine bus. */
const CHANNEL = "{44c4f61d-4444-4400-9d52-802e27ede19f}";

/** Milliseconds in which a device that has been assigned has to appear in the guest, and between two looks. */
const APPEARANCE_TIMEOUT = 5000;
const APPEARANCE_POLL = 100;
/** Milliseconds in which the tool has to be done. */
const LOOK_TIMEOUT = 240_000;

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
  const end = Date.now() + APPEARANCE_TIMEOUT;
  for (;;) {
    const answer = await runInGuest({ vm, words, timeout: LOOK_TIMEOUT });
    const paths = answer.exitCode === 0 ? readPaths(answer.output) : [];
    if (paths.length > 0) return paths;
    if (Date.now() > end) throw notSeen(name, answer);
    await sleep(APPEARANCE_POLL);
  }
}

function readPaths(output: string): string[] {
  return output
    .split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "");
}

function notSeen(name: string, { exitCode, errors }: GuestAnswer): ToolError {
  const said = errors.trim() === "" ? "" : `: ${onOneLine(oneLine(errors))}`;
  const ended = exitCode === 0 ? "" : `, device-util.exe ended with ${exitCode}${said}`;
  const found = `the guest does not see it after ${APPEARANCE_TIMEOUT} ms${ended}`;
  return new ToolError(`Cannot find PCI device "${name}" in the VM: ${found}`, errors);
}
