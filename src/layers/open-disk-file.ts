import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { errnoCode, LayerError, systemFault } from "../base/errors.ts";
import type { ByteSource } from "../formats/byte-io.ts";
import type { DiskFormat } from "../formats/disk/disk.ts";
import { readDisk } from "../formats/disk/open-disk.ts";
import { FileSource } from "../formats/file-source.ts";
import { FormatError, inContext } from "../formats/format-error.ts";

/** A disk that is open for reading. */
export interface DiskFile {
  /** The disk, whatever the file around it. */
  source: ByteSource;
  format: DiskFormat;
  /** Bytes of the file. */
  fileSize: number;
  close(): void;
}

/**
 * Opens the disk in a file for reading.
 *
 * @throws {LayerError} LAYER_NOT_FOUND or LAYER_IO if the file cannot be opened
 * @throws {FormatError} if what is around the disk is damaged
 */
export function openDiskFile(path: string): DiskFile {
  const fd = openFile(path);
  try {
    const file = new FileSource(fd);
    return { ...readDisk(file), fileSize: file.size, close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw namingDisk(path, error);
  }
}

/** Does something with the disk in a file, and closes it. @throws what `openDiskFile` throws */
export function withDisk<T>(path: string, use: (disk: DiskFile) => T): T {
  const disk = openDiskFile(path);
  try {
    return use(disk);
  } catch (error) {
    throw namingDisk(path, error);
  } finally {
    disk.close();
  }
}

/** Puts the name of a disk's file before a fault that is found in it; other errors stay as they are. */
export function namingDisk(path: string, error: unknown): unknown {
  return error instanceof FormatError ? inContext(`Cannot read image "${path}"`, error) : error;
}

/** Opens a file for reading, and nothing else: a pipe has no positions, and opening one may take forever. */
export function openFile(path: string): number {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
  } catch (error) {
    const isAbsent = errnoCode(error) === "ENOENT" || errnoCode(error) === "ENOTDIR";
    const found = isAbsent ? "it does not exist" : systemFault(error);
    const code = isAbsent ? "LAYER_NOT_FOUND" : "LAYER_IO";
    throw new LayerError(code, path, `Cannot open image "${path}": ${found}`, { cause: error });
  }
  closeSync(fd);
  throw new LayerError("LAYER_IO", path, `Cannot open image "${path}": it is not a regular file`);
}
