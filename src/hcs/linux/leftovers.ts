/** What calls that were killed have left in the state folder. */
import { join } from "node:path";
import type { Leftover } from "../compute-service.ts";
import { ContainerSystem } from "./container-system.ts";
import { executorRecord, isBeingCreated } from "./container-properties.ts";
import { EXECUTOR_NAMES, type ExecutorName } from "./executor.ts";
import { findLeftoverLayers } from "./layers/leftover-layers.ts";
import { executorRoot, systemFolder, systemsRoot, type SystemContext } from "./system-context.ts";

/** Makes the context of a system by its id, whatever is left of it. */
export type OpenContext = (id: string) => Promise<SystemContext>;

/** The service's parts that the search needs. */
type Place = Pick<SystemContext, "machine" | "options">;

/** Finds systems that no executor knows, executor records without a system, and files of dead processes. */
export async function findLeftovers(place: Place, open: OpenContext): Promise<Leftover[]> {
  const found = await abandonedSystems(place, open);
  for (const name of EXECUTOR_NAMES) found.push(...(await strayRecords(place, name, open)));
  const { machine, options } = place;
  found.push(...(await findLeftoverLayers({ machine, root: options.root })));
  return found;
}

async function abandonedSystems({ machine, options }: Place, open: OpenContext): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const id of await machine.list(systemsRoot(options.root))) {
    const context = await open(id);
    const description = `compute system "${id}" that its executor does not know`;
    const remove = async (): Promise<boolean> => terminateIf(isAbandoned, await open(id));
    if (await isAbandoned(context)) found.push({ systemId: id, description, remove });
    else found.push(...(await filesOfTheDead(context, context.folder.path)));
  }
  return found;
}

/** The executor's work is asked for first: one that ends between the two questions leaves its record to the second. */
async function isAbandoned(context: SystemContext): Promise<boolean> {
  return !(await isBeingCreated(context)) && (await executorRecord(context)) === undefined;
}

/** A stray record's system folder is missing. */
async function isStray({ machine, folder }: SystemContext): Promise<boolean> {
  return !(await machine.exists(folder.path));
}

/** What was nobody's when it was found may have become a new container of the same id. */
async function terminateIf(
  isUnused: (context: SystemContext) => Promise<boolean>,
  context: SystemContext,
): Promise<boolean> {
  if (!(await isUnused(context))) return false;
  await new ContainerSystem(context).terminate();
  return true;
}

async function strayRecords(
  { machine, options }: Place,
  name: ExecutorName,
  open: OpenContext,
): Promise<Leftover[]> {
  const folder = executorRoot(options.root, name);
  const found: Leftover[] = [];
  for (const id of await machine.list(folder)) {
    if (await machine.exists(systemFolder(options.root, id).path)) continue;
    const description = `container "${id}" in "${folder}" that no system belongs to`;
    found.push({ systemId: id, description, remove: async () => terminateIf(isStray, await open(id)) });
  }
  return found;
}

/** Temporary files carry the pid of their maker, as in `log.123.456.json`. */
async function filesOfTheDead({ machine }: Pick<Place, "machine">, folder: string): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const name of await machine.list(folder)) {
    const pid = /^(?:log|exec|resources)\.(\d+)\./.exec(name)?.[1];
    if (pid === undefined || (await machine.lookAtProcess(Number(pid))) !== undefined) continue;
    const path = join(folder, name);
    const remove = async (): Promise<boolean> => {
      await machine.remove(path);
      return true;
    };
    found.push({ description: `file "${path}" of a process that has ended`, remove });
  }
  return found;
}
