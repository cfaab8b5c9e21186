import { ToolError } from "../../base/errors.ts";
import { onOneLine } from "../../schema/faults.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import { oneLine, runInGuest } from "./run-in-guest.ts";

const PNPUTIL = "C:\\Windows\\System32\\pnputil.exe";

/** ERROR_NO_MORE_ITEMS: no device has taken the driver, as with one that the guest has already. */
const NOTHING_TO_DO = 259;

/**
 * Has a Windows guest install the drivers of a folder.
 *
 * @param folder the folder, as the host calls it
 * @param share its path in the guest
 * @throws {ToolError} if the guest does not take them
 * @throws {ComputeError | StreamError}
 */
export async function installDriver(
  { computeSystem: vm }: UtilityVm,
  folder: string,
  share: string,
): Promise<void> {
  // The command line wants a wildcard behind a slash where the path is one of VSMB.
  const words = ["cmd", "/c", PNPUTIL, "/add-driver", `${share}/*.inf`, "/subdirs", "/install"];
  const { exitCode, output, errors } = await runInGuest({ vm, words, timeout: vm.waits.guestDriver });
  if (exitCode === 0 || exitCode === NOTHING_TO_DO) return;
  const text = errors.trim() === "" ? output : errors;
  const said = text.trim() === "" ? "" : `: ${onOneLine(oneLine(text))}`;
  const found = `pnputil in the guest ended with ${exitCode}${said}`;
  throw new ToolError(`Cannot install the drivers of "${folder}" in the VM: ${found}`, text);
}
