import { ComputeError, isInvalidState, isNotExist } from "../../results.ts";
import type { PropertyType, SystemProperties, SystemState } from "../../compute-service.ts";
import type { HcsProperties } from "../system-properties.ts";
import { withOwnSystem } from "./own-system.ts";
import { requireRecord, type ShimContext } from "./shim-context.ts";

/** States of the service that this program knows; without a state, a system was never started. */
const STATES: Readonly<Record<string, SystemState>> = {
  "": "Created",
  Created: "Created",
  Running: "Running",
  Paused: "Paused",
  SavedAsTemplate: "Paused",
  Stopped: "Stopped",
};

/** Asks what a container does. One whose system or whose shim has ended has stopped. @throws {ComputeError} */
export async function readProperties(
  context: ShimContext,
  id: string,
  types: readonly PropertyType[],
): Promise<SystemProperties> {
  const { records } = context;
  const { GuestOs } = requireRecord(records, id);
  const shim = records.shim(id);
  const found = shim === 0 ? undefined : await query(context, id, types);
  const own = found === undefined ? "Stopped" : stateOf(id, found);
  // Between the start of its system and that of its process a container is not what it was created for.
  const State = own === "Running" && records.initPid(id) === undefined ? "Created" : own;
  const base = { Id: id, RuntimeOsType: GuestOs, State, ProcessId: State === "Stopped" ? 0 : (shim ?? 0) };
  if (!types.includes("ProcessList") || State === "Stopped") return base;
  const details = (found?.ProcessList ?? []).toSorted((a, b) => a.ProcessId - b.ProcessId);
  return { ...base, ProcessList: details.map(({ ProcessId }) => ProcessId), ProcessDetails: details };
}

async function query(
  context: ShimContext,
  id: string,
  types: readonly PropertyType[],
): Promise<HcsProperties | undefined> {
  try {
    return await withOwnSystem(context, id, (system) =>
      system.properties(types.filter((type) => type !== "Metrics")),
    );
  } catch (error) {
    // A system that exits meanwhile has no properties any more.
    if (isNotExist(error) || isInvalidState(error)) return undefined;
    throw error;
  }
}

function stateOf(id: string, { State = "", Stopped }: HcsProperties): SystemState {
  if (Stopped === true) return "Stopped";
  const state = STATES[State];
  if (state !== undefined) return state;
  const message = `Cannot tell the state of container "${id}": the service calls it "${State}"`;
  throw new ComputeError({ operation: "query", systemId: id, hresult: 0x8007000d, message });
}
