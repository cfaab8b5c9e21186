import { closeSync, openSync } from "node:fs";
import { errnoCode, LayerError } from "../base/errors.ts";
import { readBytes, type ByteSource } from "../formats/byte-io.ts";
import { FileSource } from "../formats/file-source.ts";
import { FOOTER_SIZE, isVhdFooter } from "../formats/vhd/footer.ts";
import { VhdReader } from "../formats/vhd/vhd-reader.ts";
import { isVhdx } from "../formats/vhdx/header.ts";
import { VhdxReader } from "../formats/vhdx/vhdx-reader.ts";

/** What a file holds a disk as. */
export type DiskKind = "raw" | "vhd-fixed" | "vhd-dynamic" | "vhdx";

/** A disk that is open for reading. */
export interface OpenDisk {
  /** The disk, whatever the file around it. */
  source: ByteSource;
  kind: DiskKind;
  /** Bytes of the file. */
  fileSize: number;
  close(): void;
}

/** A kind of file around a disk. */
interface Container {
  isOne(file: ByteSource): boolean;
  open(file: ByteSource): Pick<OpenDisk, "source" | "kind">;
}

const VHD: Container = {
  isOne: (file) =>
    file.size >= FOOTER_SIZE && isVhdFooter(readBytes(file, file.size - FOOTER_SIZE, FOOTER_SIZE)),
  open(file) {
    const source = new VhdReader(file);
    return { source, kind: source.footer.kind === "dynamic" ? "vhd-dynamic" : "vhd-fixed" };
  },
};

const VHDX: Container = {
  isOne: (file) => isVhdx(readBytes(file, 0, Math.min(file.size, 8))),
  open: (file) => ({ source: new VhdxReader(file), kind: "vhdx" }),
};

/** Every kind that is known by its own marks; a file without any is the disk itself. */
const CONTAINERS: readonly Container[] = [VHD, VHDX];

/**
 * Opens the disk in a file for reading.
 *
 * @throws {LayerError} LAYER_NOT_FOUND or LAYER_IO if the file cannot be opened
 * @throws {FormatError} if what is around the disk is damaged
 */
export function openDisk(path: string): OpenDisk {
  const fd = openFile(path);
  try {
    const file = new FileSource(fd);
    const container = CONTAINERS.find((one) => one.isOne(file));
    const disk = container?.open(file) ?? { source: file, kind: "raw" };
    return { ...disk, fileSize: file.size, close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Does something with the disk in a file, and closes it. @throws what `openDisk` throws */
export function withDisk<T>(path: string, use: (disk: OpenDisk) => T): T {
  const disk = openDisk(path);
  try {
    return use(disk);
  } finally {
    disk.close();
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    const isAbsent = errnoCode(error) === "ENOENT" || errnoCode(error) === "ENOTDIR";
    const found = isAbsent ? "it does not exist" : String(errnoCode(error) ?? error);
    const code = isAbsent ? "LAYER_NOT_FOUND" : "LAYER_IO";
    throw new LayerError(code, path, `Cannot open image "${path}": ${found}`, { cause: error });
  }
}
