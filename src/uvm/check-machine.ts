import { parseUuid } from "../base/uuid.ts";
import { DEFAULT_VPMEM_COUNT, MAX_SCSI_CONTROLLERS, MAX_VPMEM_COUNT } from "../hcs/vm-limits.ts";
import type { VirtualMachine } from "../schema/hcs.ts";
import { UtilityVmError } from "./utility-vm-error.ts";

/** Checks that devices can be kept account of in a VM made as asked. @throws {UtilityVmError} UVM_OPTIONS */
export function checkMachine(id: string, { Devices = {} }: VirtualMachine): void {
  const controllers = Object.keys(Devices.Scsi ?? {});
  const isOutOfOrder = controllers.some((key, at) => key !== String(at) && parseUuid(key) === undefined);
  if (controllers.length > MAX_SCSI_CONTROLLERS || isOutOfOrder) {
    const allowed = `at most ${MAX_SCSI_CONTROLLERS}, named by GUIDs or numbered from 0 without a gap`;
    throw incorrect(id, `SCSI controllers must be ${allowed}, found ${controllers.join(", ")}`);
  }
  const count = Devices.VirtualPMem?.MaximumCount ?? DEFAULT_VPMEM_COUNT;
  if (count > MAX_VPMEM_COUNT) {
    throw incorrect(id, `VPMem device count cannot be greater than ${MAX_VPMEM_COUNT}, found ${count}`);
  }
}

function incorrect(id: string, found: string): UtilityVmError {
  return new UtilityVmError("UVM_OPTIONS", `Cannot make utility VM "${id}": UVM options incorrect: ${found}`);
}
