import { readBytes } from "../byte-io.ts";
import { FOOTER_SIZE, isVhdFooter } from "../vhd/footer.ts";
import { VhdDisk } from "../vhd/vhd-disk.ts";
import { isVhdx } from "../vhdx/header.ts";
import { VhdxDisk } from "../vhdx/vhdx-disk.ts";
import type { Disk } from "./disk.ts";
import { RawDisk } from "./raw-disk.ts";
import type { StoredBytes } from "./stored-file.ts";

/**
 * Opens the disk in a file: VHDX, VHD, or else the bytes themselves.
 *
 * @throws {FormatError} if it is a damaged VHDX or VHD, or one that needs another file
 */
export function openDisk(file: StoredBytes): Disk {
  const { size } = file;
  if (isVhdx(readBytes(file, 0, Math.min(size, 8)))) return new VhdxDisk(file);
  const footer = readBytes(file, Math.max(0, size - FOOTER_SIZE), Math.min(size, FOOTER_SIZE));
  const front = readBytes(file, 0, Math.min(size, FOOTER_SIZE));
  return isVhdFooter(footer) || isVhdFooter(front) ? new VhdDisk(file) : new RawDisk(file);
}
