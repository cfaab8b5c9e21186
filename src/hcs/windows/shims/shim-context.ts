import { cleanUpAfter } from "../../../base/errors.ts";
import { ComputeError, HcsResult } from "../../results.ts";
import type { HcsService } from "../compute-service.ts";
import type { HcsSystem } from "../compute-system.ts";
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

/** Opens a system for the time of `act`. @throws {ComputeError} isNotExist */
export async function withSystem<T>(
  { hcs }: Pick<ShimContext, "hcs">,
  id: string,
  act: (system: HcsSystem) => Promise<T>,
): Promise<T> {
  const system = await hcs.openSystem(id);
  return closing(system, () => act(system));
}

/** Acts and closes what it was done with; a failure to close never hides that of the act. */
export async function closing<T>(open: { close(): Promise<void> }, act: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await act();
  } catch (error) {
    throw await cleanUpAfter(error, () => open.close());
  }
  await open.close();
  return result;
}

/** The record of a container's system. @throws {ComputeError} isNotExist */
export function requireRecord(records: ShimRecords, id: string): SystemRecord {
  const record = records.find(id);
  if (record !== undefined) return record;
  throw new ComputeError({ operation: "open", systemId: id, hresult: HcsResult.SYSTEM_NOT_FOUND });
}
