/**
 * Where a layer is mounted, and what is remembered of it.
 *
 * `<root>/@layers/<key>/` belongs to one layer, by the path of its folder. Everything that mounting makes lies in
 * it, so what a killed call has left is found by looking there and into the table of mounts:
 *
 * - `lock`: held while a call changes the mounts of the layer
 * - `record.json`: who uses the layer. A use is written down after its mounts are made and struck out before they
 *   are removed, so mounts without a use are always garbage
 * - `disk/`: the file system of the layer's own disk
 * - `lower/N/`: the layers below, only while overlayfs is being mounted: it keeps hold of them itself
 * - `root/`: the layer laid over those below it
 * - `export`, `daemon.pid`: a VHDX shown as a raw file, and the daemon that does so
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Machine } from "../machine.ts";

/** What everything here needs. */
export interface LayerContext {
  machine: Machine;
  /** Absolute path of the state folder. */
  root: string;
}

/** Paths of one layer's mounts. */
export interface MountPlace {
  path: string;
  lock: string;
  record: string;
  disk: string;
  lower: string;
  root: string;
  exportFile: string;
  pidFile: string;
}

/** Who uses a layer. */
export interface MountRecord {
  /** The layer's folder. */
  layer: string;
  /** The boot of the machine for which this holds. */
  boot: string;
  activations: number;
  preparations: number;
  /** Ids of the compute systems whose root file system this is. */
  systems: string[];
  /** The layers below, top-most first; empty until they are. */
  parents: string[];
  /** Further folders at which the files are shown. */
  targets: string[];
}

/** The mounts of a layer, while this call alone may change them. */
export interface HeldPlace {
  machine: Machine;
  place: MountPlace;
  record: MountRecord;
  /** Writes the record down. */
  save(): Promise<void>;
}

/** The folder that holds all mounts of a state folder, without links, as the table of mounts shows it. */
export async function mountsFolder({ machine, root }: LayerContext): Promise<string> {
  return join((await machine.resolvePath(root)) ?? root, "@layers");
}

/** The place of a layer, by the path of its folder without links; nothing is read or made. */
export function placeOf(folder: string, layer: string): MountPlace {
  return placeAt(join(folder, createHash("sha256").update(layer).digest("hex").slice(0, 16)));
}

/** The place whose folder this is. */
export function placeAt(path: string): MountPlace {
  return {
    path,
    lock: join(path, "lock"),
    record: join(path, "record.json"),
    disk: join(path, "disk"),
    lower: join(path, "lower"),
    root: join(path, "root"),
    exportFile: join(path, "export"),
    pidFile: join(path, "daemon.pid"),
  };
}

/** The place of a layer that may no longer exist. */
export async function findPlace(context: LayerContext, path: string): Promise<[MountPlace, string]> {
  const layer = (await context.machine.resolvePath(path)) ?? path;
  return [placeOf(await mountsFolder(context), layer), layer];
}

/** Whether anybody uses a layer. */
export function isInUse({ activations, preparations, systems }: MountRecord): boolean {
  return activations + preparations + systems.length > 0;
}

/** Reads a record. @returns undefined if there is none that is whole and of this boot */
export async function readRecord(machine: Machine, place: MountPlace): Promise<MountRecord | undefined> {
  const text = await machine.readText(place.record);
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as MountRecord;
    return record.boot === (await readBoot(machine)) ? record : undefined;
  } catch {
    return undefined;
  }
}

async function readBoot(machine: Machine): Promise<string> {
  return ((await machine.readText("/proc/sys/kernel/random/boot_id")) ?? "").trim();
}

/** Reads what is known of a locked place. */
export async function holdPlace(machine: Machine, place: MountPlace, layer: string): Promise<HeldPlace> {
  const unused = { activations: 0, preparations: 0, systems: [], parents: [], targets: [] };
  const known = await readRecord(machine, place);
  const record = known ?? { layer, boot: await readBoot(machine), ...unused };
  return {
    machine,
    place,
    record,
    save: () => machine.replaceText(place.record, JSON.stringify(record)),
  };
}
