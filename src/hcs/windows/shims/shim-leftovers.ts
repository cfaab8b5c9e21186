import type { Leftover } from "../../compute-service.ts";
import { mayRun } from "./own-system.ts";
import { readProperties } from "./shim-properties.ts";
import type { ShimContext } from "./shim-context.ts";
import { ShimSystem } from "./shim-system.ts";

/** Finds containers that lost their shim: their call was killed before it made one, or the shim itself was killed. */
export async function findLeftovers(context: ShimContext): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const id of context.records.list()) {
    if (!(await isLost(context, id))) continue;
    found.push({
      systemId: id,
      description: `compute system "${id}" that has no shim`,
      remove: async () => {
        if (!(await isLost(context, id))) return false;
        await new ShimSystem(context, id).terminate();
        return true;
      },
    });
  }
  return found;
}

/** A shim that has ended as it should has said so; that container waits for its delete. */
async function isLost(context: ShimContext, id: string): Promise<boolean> {
  const { records } = context;
  const record = records.find(id);
  // What cannot be read says nothing of a shim, so that it is only garbage once there is nothing that it could serve.
  if (record === undefined) return records.has(id) && !(await mayRun(context, id));
  if (records.shim(id) === 0 || records.isAlive(record)) return false;
  // It may have ended between the two questions.
  if (records.shim(id) === 0) return false;
  const { State } = await readProperties(context, id, []);
  return State !== "Stopped" || records.shim(id) !== 0;
}
