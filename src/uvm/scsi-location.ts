import { MAX_SCSI_CONTROLLERS } from "../hcs/vm-limits.ts";
import { refusal } from "./utility-vm-error.ts";

/** Where a SCSI disk is attached. */
export interface ScsiLocation {
  readonly controller: number;
  readonly lun: number;
}

const LUNS = 64;

/**
 * Finds the first location that is free, controller by controller.
 *
 * @param controllers how many controllers the VM has
 * @param action for messages
 * @throws {UtilityVmError} UVM_TOO_MANY_ATTACHMENTS when those are full, UVM_NO_LOCATION when no VM could have more
 */
export function findScsiLocation(
  taken: readonly ScsiLocation[],
  controllers: number,
  action: string,
): ScsiLocation {
  const isTaken = new Set(taken.map(({ controller, lun }) => controller * LUNS + lun));
  for (let place = 0; place < controllers * LUNS; place++) {
    if (!isTaken.has(place)) return { controller: Math.floor(place / LUNS), lun: place % LUNS };
  }
  throw refusal(controllers < MAX_SCSI_CONTROLLERS ? "UVM_TOO_MANY_ATTACHMENTS" : "UVM_NO_LOCATION", action);
}
