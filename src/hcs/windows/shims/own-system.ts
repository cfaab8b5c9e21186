/**
 * The system of a container, told from another that has the same id by now: ids are those of the whole host, and a
 * system whose shim was killed ends at once. All that is done with a container's system goes through here.
 */
import { cleanUpAfter, ContainerStateError } from "../../../base/errors.ts";
import { closing } from "../../../base/closing.ts";
import { ComputeError, HcsResult, isNotExist } from "../../results.ts";
import type { HcsSystem } from "../compute-system.ts";
import { eventually } from "../eventually.ts";
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
  const { hcs, records, timeouts } = context;
  try {
    return await withOwnSystem(context, id, terminateSystem);
  } catch (error) {
    if (!isNotExist(error)) throw error;
  }
  if (isTold(records.runtimeId(id))) return;
  const isGone = async (): Promise<boolean> => (await hcs.findSystem(id)) === undefined;
  if (records.find(id) === undefined) {
    if (await isGone()) return;
    throw untold(id);
  }
  // Nothing holds it any more, so that it ends by itself, now or a little later. One that does not is another's.
  await eventually(isGone, timeouts.systemEnd);
}

/**
 * Without a GUID a system is known by its shim, which holds it: what is there without one is another's. Before there is
 * a shim, only the call that makes the system has anything to do with it.
 */
function isOwn({ records }: ShimContext, id: string, { runtimeId, owner }: HcsSystem): boolean {
  const noted = records.runtimeId(id);
  if (isTold(noted)) return runtimeId === noted;
  const record = records.find(id);
  if (noted === undefined || record === undefined || runtimeId !== noted) return false;
  return owner === record.Owner && records.isAlive(record);
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
