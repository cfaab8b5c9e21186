/**
 * What is in the folder of a layer on Linux.
 *
 * A read-only layer holds `layer.vhd`: an ext4 image in a fixed VHD, so the image is the file without its last 512
 * bytes. A scratch holds a disk with an ext4 file system, as VHDX (`sandbox.vhdx`, `scratch.vhdx`) or raw
 * (`sandbox.img`); without one, the folder itself takes the changes.
 */
import { isAbsolute, join } from "node:path";
import { FOOTER_SIZE, isVhdFooter, parseVhdFooter } from "../../../formats/vhd/footer.ts";
import { FormatError } from "../../../formats/format-error.ts";
import type { MachineFiles } from "../machine.ts";
import { layerFault, layerStep } from "./layer-fault.ts";

/** The file of a read-only layer. */
export const IMAGE_FILE = "layer.vhd";

/** The files of a scratch, and what they are. */
const DISK_FILES = { "sandbox.vhdx": "vhdx", "scratch.vhdx": "vhdx", "sandbox.img": "raw" } as const;

/** Every file that makes a folder a layer. */
export const LAYER_FILES = [IMAGE_FILE, "sandbox.vhdx", "scratch.vhdx", "sandbox.img"] as const;

/** What a scratch without a disk keeps in its folder: the changes, and what overlayfs needs to make them. */
export const CHANGE_FOLDERS = ["upper", "work"] as const;

/** A read-only layer. */
export interface ImageLayer {
  kind: "image";
  /** The layer's folder, without links. */
  path: string;
  /** The image's file, without links. */
  file: string;
  /** Bytes of the image in the file. */
  size: number;
}

/** A scratch. */
export type ScratchLayer =
  { kind: "vhdx" | "raw"; path: string; file: string } | { kind: "folder"; path: string };

/**
 * Opens the folder of a layer.
 *
 * @throws {LayerError} LAYER_NOT_FOUND or LAYER_FORMAT
 */
export async function openLayer(machine: MachineFiles, path: string): Promise<ImageLayer | ScratchLayer> {
  const folder = await openFolder(machine, path);
  const names = await machine.list(folder);
  const [disk, second] = LAYER_FILES.filter((name) => names.includes(name));
  if (second !== undefined)
    throw layerFault("LAYER_FORMAT", path, ["use", `its folder holds both ${disk} and ${second}`]);
  if (disk === IMAGE_FILE) return openImageFile(machine, folder);
  if (disk !== undefined)
    return { kind: DISK_FILES[disk], path: folder, file: await openFile(machine, folder, disk) };
  const stranger = names.find((name) => !isChangeFolder(name));
  if (stranger === undefined) return { kind: "folder", path: folder };
  const found = `its folder holds "${stranger}", and neither ${IMAGE_FILE} nor the disk of a scratch`;
  throw layerFault("LAYER_FORMAT", path, ["use", found]);
}

/** Opens a read-only layer. @throws {LayerError} LAYER_NOT_FOUND or LAYER_FORMAT */
export async function openImage(machine: MachineFiles, path: string): Promise<ImageLayer> {
  const folder = await openFolder(machine, path);
  if (await machine.exists(join(folder, IMAGE_FILE))) return openImageFile(machine, folder);
  const hint = "Make one of a tar file with: runhcs layer import";
  throw layerFault("LAYER_FORMAT", path, ["use", `it has no ${IMAGE_FILE}`, hint]);
}

/** Whether the names in a folder are those of a layer: a known file, or both folders of a scratch without a disk. */
export function isLayer(names: readonly string[]): boolean {
  return (
    LAYER_FILES.some((name) => names.includes(name)) || CHANGE_FOLDERS.every((name) => names.includes(name))
  );
}

/** Whether a name is that of a folder in which a scratch without a disk keeps its changes. */
function isChangeFolder(name: string): boolean {
  return CHANGE_FOLDERS.some((known) => known === name);
}

async function openFolder(machine: MachineFiles, path: string): Promise<string> {
  if (!isAbsolute(path) || path.includes("\0"))
    throw layerFault("LAYER_NOT_FOUND", path, ["use", "its path is not absolute"]);
  const folder = await layerStep(path, ["use", "its path"], () => machine.resolvePath(path));
  if (folder === undefined) throw layerFault("LAYER_NOT_FOUND", path, ["use", "it does not exist"]);
  if ((await machine.lookAtFile(folder))?.type === "folder") return folder;
  throw layerFault("LAYER_FORMAT", path, ["use", "it is not a folder"]);
}

/** Engines keep one scratch for many layers by a link to it. */
async function openFile(machine: MachineFiles, folder: string, name: string): Promise<string> {
  const file = await machine.resolvePath(join(folder, name));
  if (file !== undefined && (await machine.lookAtFile(file))?.type === "file") return file;
  throw layerFault("LAYER_FORMAT", folder, ["use", `its ${name} is not a file`]);
}

async function openImageFile(machine: MachineFiles, folder: string): Promise<ImageLayer> {
  const file = await openFile(machine, folder, IMAGE_FILE);
  const length = (await machine.lookAtFile(file))?.size ?? 0;
  const step = ["use", `reading its ${IMAGE_FILE}`] as const;
  const start = Math.max(0, length - FOOTER_SIZE);
  const footer = await layerStep(folder, step, () => machine.readBytes(file, start, FOOTER_SIZE));
  const size = imageSize(folder, footer);
  if (size === length - FOOTER_SIZE) return { kind: "image", path: folder, file, size };
  const found = `its ${IMAGE_FILE} has ${length} bytes, but its footer tells of a disk of ${size}`;
  throw layerFault("LAYER_FORMAT", folder, ["use", found]);
}

function imageSize(folder: string, footer: Uint8Array): number {
  if (!isVhdFooter(footer))
    throw layerFault("LAYER_FORMAT", folder, ["use", `its ${IMAGE_FILE} has no VHD footer`]);
  try {
    const { kind, size } = parseVhdFooter(footer);
    if (kind === "fixed") return size;
    throw layerFault("LAYER_FORMAT", folder, ["use", `its ${IMAGE_FILE} is a ${kind} VHD, not a fixed one`]);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw layerFault("LAYER_FORMAT", folder, ["use", error.message]);
  }
}
