import { readBytes, type ByteSource } from "../byte-io.ts";
import { FOOTER_SIZE, isVhdFooter } from "../vhd/footer.ts";
import { VhdDisk } from "../vhd/vhd-disk.ts";
import { VhdReader } from "../vhd/vhd-reader.ts";
import { isVhdx } from "../vhdx/header.ts";
import { VhdxDisk } from "../vhdx/vhdx-disk.ts";
import { VhdxReader } from "../vhdx/vhdx-reader.ts";
import type { Disk, DiskFormat } from "./disk.ts";
import { RawDisk } from "./raw-disk.ts";
import type { StoredBytes } from "./stored-file.ts";

/**
 * Opens the disk in a file, to read and to change it: VHDX, VHD, or else the bytes themselves.
 *
 * @throws {FormatError} if it is a damaged VHDX or VHD, or one that needs another file
 */
export function openDisk(file: StoredBytes): Disk {
  if (isVhdxFile(file)) return new VhdxDisk(file);
  return isVhdFile(file) ? new VhdDisk(file) : new RawDisk(file);
}

/**
 * Opens the disk in a file for reading only.
 *
 * @throws {FormatError} as `openDisk`
 */
export function readDisk(file: ByteSource): { source: ByteSource; format: DiskFormat } {
  if (isVhdxFile(file)) return { source: new VhdxReader(file), format: "vhdx" };
  if (!isVhdFile(file)) return { source: file, format: "raw" };
  const source = new VhdReader(file);
  return { source, format: source.format };
}

function isVhdxFile(file: ByteSource): boolean {
  return isVhdx(readBytes(file, 0, Math.min(file.size, 8)));
}

/** A dynamic disk has a copy of its footer in front, which is left of one that is cut short. */
function isVhdFile(file: ByteSource): boolean {
  const length = Math.min(file.size, FOOTER_SIZE);
  return isVhdFooter(readBytes(file, file.size - length, length)) || isVhdFooter(readBytes(file, 0, length));
}
