/** The layers of compute systems: held from creation to removal, whatever happens in between. */
import { join } from "node:path";
import { cleanUpAfter } from "../../../base/errors.ts";
import type { ContainerStorage } from "../../compute-service.ts";
import { layerFault, layerStep } from "./layer-fault.ts";
import { openLayer } from "./layer-folder.ts";
import { layOver, mountDisk } from "./mount-layer.ts";
import { findPlace, mountsFolder, placeAt, readRecord, type LayerContext } from "./mount-place.ts";
import { withPlace } from "./with-place.ts";

/**
 * Mounts the layers of a system.
 *
 * @returns the folder of its root file system
 * @throws {LayerError} LAYER_BUSY if another system has the same scratch
 */
export async function holdLayers(
  context: LayerContext,
  systemId: string,
  { Layers, Path }: ContainerStorage,
): Promise<string> {
  const { machine } = context;
  const step = ["mount", "making its folder"] as const;
  const isNew = await layerStep(Path, step, () => machine.makeFolder(Path));
  try {
    return await holdOver(context, systemId, { Layers, Path });
  } catch (error) {
    throw await cleanUpAfter(error, async () => {
      if (isNew && (await machine.list(Path)).length === 0) await machine.removeEmptyFolder(Path);
    });
  }
}

async function holdOver(
  context: LayerContext,
  systemId: string,
  { Layers, Path }: ContainerStorage,
): Promise<string> {
  const scratch = await openLayer(context.machine, Path);
  if (scratch.kind === "image")
    throw layerFault("LAYER_FORMAT", Path, [
      "mount",
      "it is a read-only layer, where the scratch is expected",
    ]);
  const parents = Layers.map((layer) => layer.Path);
  return withPlace(context, scratch.path, async (held) => {
    const other = held.record.systems.find((id) => id !== systemId);
    if (other !== undefined)
      throw layerFault("LAYER_BUSY", Path, ["mount", `it is the scratch of container "${other}"`]);
    await mountDisk(held, scratch);
    await layOver(held, scratch, parents);
    held.record.systems = [systemId];
    await held.save();
    return held.place.root;
  });
}

/**
 * Gives the layers of a system back.
 *
 * @param scratch path of the scratch; undefined if it is not known any more
 * @throws {LayerError} LAYER_BUSY if something still works in them
 */
export async function releaseLayers(
  context: LayerContext,
  systemId: string,
  scratch: string | undefined,
): Promise<void> {
  const layers =
    scratch === undefined ? await layersOf(context, systemId) : [await ownLayer(context, scratch)];
  for (const layer of layers) {
    await withPlace(context, layer, async ({ record, save }) => {
      if (!record.systems.includes(systemId)) return;
      record.systems = record.systems.filter((id) => id !== systemId);
      await save();
    });
  }
}

async function ownLayer(context: LayerContext, scratch: string): Promise<string> {
  const [, layer] = await findPlace(context, scratch);
  return layer;
}

/** Looks for the layers that a system holds through all that are mounted. */
async function layersOf(context: LayerContext, systemId: string): Promise<string[]> {
  const { machine } = context;
  const folder = await mountsFolder(context);
  const layers: string[] = [];
  for (const name of await machine.listFolders(folder)) {
    const record = await readRecord(machine, placeAt(join(folder, name)));
    if (record?.systems.includes(systemId) === true) layers.push(record.layer);
  }
  return layers;
}
