/** What is in the folder of a layer on Windows. */
import { lstatSync, readdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { ifExists } from "../../../base/files.ts";
import { layerFault } from "../../layer-fault.ts";

/** The disks of a scratch. */
const SCRATCH_FILES = ["sandbox.vhdx", "scratch.vhdx"];

/** Everything that layers of Windows and Linux containers keep in their folders, in lower case. */
const LAYER_FILES = new Set([
  ...SCRATCH_FILES,
  "layer.vhd",
  "files",
  "hives",
  "utilityvm",
  "tombstones.txt",
  "blank.vhdx",
  "blank-base.vhdx",
  "layerchain.json",
  "layout",
  "bcd.bak",
  "bcd.log.bak",
  "bcd.log1.bak",
  "bcd.log2.bak",
]);

/** Whether a name is one of a layer's own. Metadata of a folder lies beside it. */
export function isLayerFile(name: string): boolean {
  return LAYER_FILES.has(name.toLowerCase().replace(/\.\$wcidirs\$$/, ""));
}

/** Names in a folder; undefined if there is no such folder. */
export function namesIn(path: string): string[] | undefined {
  return ifExists(() => readdirSync(path));
}

/** Requires the folder of a layer. @throws {LayerError} LAYER_NOT_FOUND or LAYER_FORMAT */
export function requireFolder(path: string): void {
  if (!isAbsolute(path) || path.includes("\0"))
    throw layerFault("LAYER_NOT_FOUND", path, ["use", "its path is not absolute"]);
  const found = ifExists(() => lstatSync(path));
  if (found === undefined) throw layerFault("LAYER_NOT_FOUND", path, ["use", "it does not exist"]);
  if (!found.isDirectory()) throw layerFault("LAYER_FORMAT", path, ["use", "it is not a folder"]);
}

/** Requires that nothing would be lost if a layer were made here. @throws {LayerError} LAYER_EXISTS */
export function requireNothing(path: string, action: string): void {
  const found = ifExists(() => lstatSync(path));
  if (found === undefined || (found.isDirectory() && namesIn(path)?.length === 0)) return;
  throw layerFault("LAYER_EXISTS", path, [action, "it already exists"]);
}

/** Whether a layer takes what a container writes. */
export function isScratch(path: string): boolean {
  return SCRATCH_FILES.some((name) => ifExists(() => lstatSync(join(path, name))) !== undefined);
}
