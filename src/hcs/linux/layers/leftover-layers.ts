/** Mounts of layers that nobody uses any more, because the call that would have removed them was killed. */
import { join } from "node:path";
import { onOneLine } from "../../../schema/faults.ts";
import type { Leftover } from "../../compute-service.ts";
import { systemFolder } from "../system-context.ts";
import { layerStep } from "./layer-fault.ts";
import {
  holdPlace,
  isInUse,
  mountsFolder,
  placeAt,
  type HeldPlace,
  type LayerContext,
} from "./mount-place.ts";
import { settle } from "./settle.ts";

/** Finds mounts, loop devices, daemons and files that belong to no use; what another call works on is left alone. */
export async function findLeftoverLayers(context: LayerContext): Promise<Leftover[]> {
  const { machine } = context;
  const folder = await mountsFolder(context);
  const found: Leftover[] = [];
  for (const name of await machine.listFolders(folder)) {
    const path = join(folder, name);
    const description = await withUnused(context, path, async ({ record: { layer } }) =>
      layer === "" ? `mounts in "${path}"` : `mounts of layer "${onOneLine(layer)}" that nobody uses`,
    );
    if (description === undefined) continue;
    const remove = async (): Promise<boolean> => (await withUnused(context, path, removeAll)) !== undefined;
    found.push({ description, remove });
  }
  return found;
}

async function removeAll(held: HeldPlace): Promise<true> {
  const { layer } = held.record;
  await layerStep(layer, ["unmount", "keeping its mounts"], async () => {
    await held.save();
    await settle(held);
  });
  return true;
}

/** @returns undefined if the layer is in use, or another call works on it */
async function withUnused<T>(
  { machine, root }: LayerContext,
  path: string,
  act: (held: HeldPlace) => Promise<T>,
): Promise<T | undefined> {
  const place = placeAt(path);
  const unlock = await machine.lock(place.lock);
  if (unlock === undefined) return undefined;
  try {
    const held = await holdPlace(machine, place, "");
    const { record } = held;
    const exist = await Promise.all(record.systems.map((id) => machine.exists(systemFolder(root, id).path)));
    record.systems = record.systems.filter((_, index) => exist[index] === true);
    const isUsed = isInUse(record) && exist.every(Boolean);
    return isUsed ? undefined : await act(held);
  } finally {
    await unlock();
  }
}
