import type { Holdings } from "../../base/holdings.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import type { VsmbSource } from "../../uvm/vsmb-shares.ts";

/** Shares a folder or a file with a Windows VM. @returns its path in the guest @throws {UtilityVmError} */
export function takeShare(
  { vsmb }: UtilityVm,
  source: VsmbSource,
  holdings: Holdings,
  options = vsmb.defaultOptions(source.readOnly),
): Promise<string> {
  return holdings.take(
    () => vsmb.add(source, options),
    () => vsmb.remove(source),
  );
}
