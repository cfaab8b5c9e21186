/** Further folders at which the files of mounted layers are shown. */
import { join } from "node:path";
import { MOUNT_FLAG } from "../mount-flags.ts";
import { layerFault, layerStep } from "./layer-fault.ts";
import { findPlace, mountsFolder, placeAt, readRecord, type LayerContext } from "./mount-place.ts";
import { hideFrom, shownMount } from "./settle.ts";
import { withPlace } from "./with-place.ts";

/** Shows the files of a mounted layer at an empty folder too, until it is unmounted. @throws {LayerError} */
export async function showAt(context: LayerContext, path: string, target: string): Promise<void> {
  const { machine } = context;
  const folder = await machine.resolvePath(target);
  if (folder === undefined || (await machine.lookAtFile(folder))?.type !== "folder")
    throw layerFault("LAYER_NOT_FOUND", path, ["mount", `"${target}" is not a folder`]);
  if ((await machine.list(folder)).length > 0)
    throw layerFault("LAYER_EXISTS", path, ["mount", `the folder "${target}" is not empty`]);
  const [, layer] = await findPlace(context, path);
  await withPlace(context, layer, async (held) => {
    const shown = await shownMount(machine, held.place);
    if (shown === undefined) throw layerFault("LAYER_NOT_FOUND", path, ["mount", "it is not mounted"]);
    held.record.targets.push(folder);
    await held.save();
    try {
      await layerStep(path, ["mount", `mounting it on "${target}"`], () =>
        machine.mount({ source: shown.mountPoint, target: folder, flags: MOUNT_FLAG.bind }),
      );
    } catch (error) {
      held.record.targets.pop();
      await held.save();
      throw error;
    }
  });
}

/** Ends what `showAt` did; a folder at which nothing is shown is no error. @throws {LayerError} LAYER_BUSY */
export async function hideTarget(context: LayerContext, path: string, target: string): Promise<void> {
  const { machine } = context;
  const folder = (await machine.resolvePath(target)) ?? target;
  const [, layer] = await findPlace(context, path);
  await withPlace(context, layer, async (held) => {
    const shown = await shownMount(machine, held.place);
    if (shown === undefined || !held.record.targets.includes(folder)) return;
    await hideFrom(held, shown.mountPoint, [folder]);
    await held.save();
  });
}

/** The folder of the layer that a path means: its own, where it is mounted, or where it is shown. */
export async function mountedLayer(context: LayerContext, path: string): Promise<string | undefined> {
  const { machine } = context;
  const [own, asked] = await findPlace(context, path);
  const record = await readRecord(machine, own);
  if (record !== undefined) return record.layer;
  const folder = await mountsFolder(context);
  for (const name of await machine.listFolders(folder)) {
    const place = placeAt(join(folder, name));
    const found = await readRecord(machine, place);
    if (found === undefined) continue;
    if ([place.root, place.disk, ...found.targets].includes(asked)) return found.layer;
  }
  return undefined;
}
