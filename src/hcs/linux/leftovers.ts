/** What calls that were killed have left in the state folder. */
import { join } from "node:path";
import type { Leftover } from "../compute-service.ts";
import { ContainerSystem } from "./container-system.ts";
import { executorRecord, isBeingCreated } from "./container-properties.ts";
import { EXECUTOR_NAMES, type ExecutorName } from "./executor.ts";
import { executorRoot, systemFolder, systemsRoot, type SystemContext } from "./system-context.ts";

/** Makes the context of a system by its id, whatever is left of it. */
export type OpenContext = (id: string) => SystemContext;

/** The service's parts that the search needs. */
type Place = Pick<SystemContext, "machine" | "options">;

/** Finds systems that no executor knows, executor records without a system, and files of dead processes. */
export function findLeftovers(place: Place, open: OpenContext): Leftover[] {
  return [
    ...abandonedSystems(place, open),
    ...EXECUTOR_NAMES.flatMap((name) => strayRecords(place, name, open)),
  ];
}

function abandonedSystems({ machine, options }: Place, open: OpenContext): Leftover[] {
  return machine.list(systemsRoot(options.root)).flatMap((id) => {
    const context = open(id);
    if (!isAbandoned(context)) return filesOfTheDead(context, context.folder.path);
    const description = `compute system "${id}" that its executor does not know`;
    return [{ systemId: id, description, remove: () => terminateIf(isAbandoned, open(id)) }];
  });
}

/** The executor's work is asked for first: one that ends between the two questions leaves its record to the second. */
function isAbandoned(context: SystemContext): boolean {
  return !isBeingCreated(context) && executorRecord(context) === undefined;
}

/** A stray record's system folder is missing. */
function isStray({ machine, folder }: SystemContext): boolean {
  return !machine.exists(folder.path);
}

/** What was nobody's when it was found may have become a new container of the same id. */
async function terminateIf(
  isUnused: (context: SystemContext) => boolean,
  context: SystemContext,
): Promise<boolean> {
  if (!isUnused(context)) return false;
  await new ContainerSystem(context).terminate();
  return true;
}

function strayRecords({ machine, options }: Place, name: ExecutorName, open: OpenContext): Leftover[] {
  const folder = executorRoot(options.root, name);
  return machine
    .list(folder)
    .filter((id) => !machine.exists(systemFolder(options.root, id).path))
    .map((id) => ({
      systemId: id,
      description: `container "${id}" in "${folder}" that no system belongs to`,
      remove: () => terminateIf(isStray, open(id)),
    }));
}

/** Temporary files carry the pid of their maker, as in `log.123.456.json`. */
function filesOfTheDead({ machine }: Pick<Place, "machine">, folder: string): Leftover[] {
  return machine.list(folder).flatMap((name) => {
    const pid = /^(?:log|exec|resources)\.(\d+)\./.exec(name)?.[1];
    if (pid === undefined || machine.lookAtProcess(Number(pid)) !== undefined) return [];
    const path = join(folder, name);
    const remove = async (): Promise<boolean> => {
      machine.remove(path);
      return true;
    };
    return [{ description: `file "${path}" of a process that has ended`, remove }];
  });
}
