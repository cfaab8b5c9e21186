/**
 * The system of a container, told from another that has the same id by now: ids are those of the whole host, and a
 * system whose shim was killed ends at once. All that is done with a container's system goes through here.
 */
import { cleanUpAfter, ContainerStateError } from "../../../base/errors.ts";
import { closing } from "../../../base/closing.ts";
import { ComputeError, HcsResult, isNotExist } from "../../results.ts";
import type { HcsSystem } from "../compute-system.ts";
import { eventually } from "../eventually.ts";
import { ownGuid } from "../system-properties.ts";
import { terminateSystem } from "./end-system.ts";
import type { ShimContext } from "./shim-context.ts";

/** Opens the system of a container. @throws {ComputeError} isNotExist, also if the system of this id is another's */
export async function openOwnSystem(context: ShimContext, id: string): Promise<HcsSystem> {
  const system = await context.hcs.openSystem(id);
  if (isOwn(context, id, system)) return system;
  const failure = new ComputeError({ operation: "open", systemId: id, hresult: HcsResult.SYSTEM_NOT_FOUND });
  throw await cleanUpAfter(failure, () => system.close());
}

/** Opens the system of a container for the time of `act`. @throws {ComputeError} isNotExist */
export async function withOwnSystem<T>(
  context: ShimContext,
  id: string,
  act: (system: HcsSystem) => Promise<T>,
): Promise<T> {
  const system = await openOwnSystem(context, id);
  return closing(system, () => act(system));
}

/**
 * Ends the system of a container and waits until it is gone; an absent one is no error.
 *
 * @throws {ComputeError} isTimeout
 * @throws {ContainerStateError} STATE_INVALID if there is a system of which nobody can tell whose it is
 */
export async function endOwnSystem(context: ShimContext, id: string): Promise<void> {
  try {
    return await withOwnSystem(context, id, terminateSystem);
  } catch (error) {
    if (!isNotExist(error)) throw error;
  }
  const { records, timeouts } = context;
  const isGone = async (): Promise<boolean> => !(await mayRun(context, id));
  // Without its shim nothing holds it, so that it ends by itself, now or a little later. One that does not is another's.
  if (records.find(id) !== undefined) return void (await eventually(isGone, timeouts.systemEnd));
  // Nor can it be told without a record whether there is a shim.
  if (!(await isGone())) throw untold(id);
}

/** Whether the service has a system that can be the container's. @throws {ComputeError} */
export async function mayRun({ hcs, records }: ShimContext, id: string): Promise<boolean> {
  const found = await hcs.findSystem(id);
  return found !== undefined && !isOther(records.runtimeId(id), ownGuid(found.RuntimeId));
}

/**
 * Without a GUID a system is known by its shim, which holds it: what is there without one is another's. Before there is
 * a shim, only the call that makes the system has anything to do with it.
 */
function isOwn({ records }: ShimContext, id: string, { runtimeId, owner }: HcsSystem): boolean {
  const noted = records.runtimeId(id);
  if (noted === undefined || isOther(noted, runtimeId)) return false;
  if (isTold(noted) && isTold(runtimeId)) return true;
  const record = records.find(id);
  return record !== undefined && (owner ?? record.Owner) === record.Owner && records.isAlive(record);
}

function isOther(noted: string | undefined, runtimeId: string): boolean {
  return isTold(noted) && isTold(runtimeId) && noted !== runtimeId;
}

function isTold(runtimeId: string | undefined): boolean {
  return runtimeId !== undefined && runtimeId !== "";
}

function untold(id: string): ContainerStateError {
  const found = `its record is damaged, and no GUID tells whether the system "${id}" of the service is its own`;
  const message = `Cannot end the system of container "${id}": ${found}`;
  return new ContainerStateError("STATE_INVALID", id, message, {
    hint: `Remove the container again when that system has ended; if it is its own, end it with: hcsdiag kill ${id}`,
  });
}
