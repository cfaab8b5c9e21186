import { ContainerStateError } from "../../../base/errors.ts";
import { ComputeError, HcsResult } from "../../results.ts";
import type { HcsService } from "../compute-service.ts";
import type { Timeouts } from "../timeouts.ts";
import type { Program } from "./launch-shim.ts";
import type { ShimRecords, SystemRecord } from "./shim-records.ts";

/** What containers of this host are made of. */
export interface ShimContext {
  hcs: HcsService;
  records: ShimRecords;
  timeouts: Timeouts;
  program: Program;
  /** Build number of Windows. */
  osBuild: number;
}

/**
 * The record of a container's system.
 *
 * @throws {ComputeError} isNotExist
 * @throws {ContainerStateError} STATE_INVALID if it is damaged
 */
export function requireRecord(records: ShimRecords, id: string): SystemRecord {
  const record = records.find(id);
  if (record !== undefined) return record;
  if (!records.has(id))
    throw new ComputeError({ operation: "open", systemId: id, hresult: HcsResult.SYSTEM_NOT_FOUND });
  const found = `value "system" of ${records.placeOf(id)} is damaged`;
  throw new ContainerStateError(
    "STATE_INVALID",
    id,
    `Cannot read the system of container "${id}": ${found}`,
    {
      hint: `Remove the container with: runhcs delete --force ${id}`,
    },
  );
}
