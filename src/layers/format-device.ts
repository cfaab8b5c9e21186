import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, statSync } from "node:fs";
import { errnoCode, LayerError, RuntimeError, systemFault } from "../base/errors.ts";
import { roundUp } from "../base/round-up.ts";
import { randomUuid } from "../base/uuid.ts";
import type { ByteSink } from "../formats/byte-io.ts";
import { BLOCK_SIZE } from "../formats/ext4/constants.ts";
import { FileSink } from "../formats/file-sink.ts";
import { FormatError, inContext } from "../formats/format-error.ts";
import { writeEmptyFileSystem } from "./empty-file-system.ts";
import { Pace } from "./pace.ts";
import type { Task } from "./task.ts";

const MIB = 1024 * 1024;
/** Block numbers of the file system have 32 bits. */
const LARGEST_SIZE = 16 * 1024 * 1024 * MIB - BLOCK_SIZE;
const SECTOR = 512;

/** A block device that has been formatted. */
export interface FormattedDevice {
  path: string;
  /** Bytes of the file system. */
  size: number;
}

/**
 * Makes an empty ext4 file system on a whole block device that nothing uses. Everything on it is lost: what the file
 * system needs is written, inode tables included, and signatures at both ends of the device are removed.
 *
 * @throws {LayerError} LAYER_NOT_FOUND; LAYER_BUSY while the device, or a partition of it, is mounted or held otherwise;
 *   LAYER_IO if it is no block device, or fails
 * @throws {FormatError} if it is too small
 */
export async function formatDevice(path: string, task: Task = {}): Promise<FormattedDevice> {
  const fd = openDevice(path);
  try {
    const size = deviceSize(fd);
    if (size > LARGEST_SIZE)
      throw unusable(path, `it has ${size} bytes, and ext4 as it is made here at most ${LARGEST_SIZE}`);
    const uuid = randomUuid();
    // What is written depends on the size alone, so that a first pass tells where it ends.
    const { blocks, freeBlocks, size: used } = writeEmptyFileSystem(NOWHERE, { size, uuid });
    const end = Math.min(size, roundUp((blocks - freeBlocks) * BLOCK_SIZE, MIB) + MIB);
    await clear(new FileSink(fd), { end, size }, task);
    writeEmptyFileSystem(new FileSink(fd), { size, uuid });
    fsyncSync(fd);
    return { path, size: used };
  } catch (error) {
    throw naming(path, error);
  } finally {
    closeSync(fd);
  }
}

const NOWHERE: ByteSink = { write: () => undefined };

/** An exclusive open fails while the kernel, or another exclusive one, holds the device or a part of it. */
function openDevice(path: string): number {
  try {
    if (!statSync(path).isBlockDevice()) throw unusable(path, "it is not a block device");
    const fd = openSync(path, constants.O_RDWR | constants.O_EXCL | constants.O_NONBLOCK);
    if (fstatSync(fd).isBlockDevice()) return fd;
    closeSync(fd);
    throw unusable(path, "it is not a block device");
  } catch (error) {
    throw naming(path, error);
  }
}

/** Finds the end of a device, which tells no size: reads succeed up to it. */
function deviceSize(fd: number): number {
  const byte = Buffer.alloc(1);
  const has = (sector: number): boolean => readSync(fd, byte, 0, 1, sector * SECTOR) === 1;
  let [below, above] = [0, 1];
  if (!has(0)) return 0;
  while (has(above)) [below, above] = [above, above * 2];
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (has(middle)) below = middle;
    else above = middle;
  }
  return above * SECTOR;
}

/**
 * Writes zeros where the file system relies on them, and over what would make a device something else: a boot
 * sector, a partition table and its copy, the record of a RAID.
 */
async function clear(
  device: ByteSink,
  { end, size }: { end: number; size: number },
  task: Task,
): Promise<void> {
  const pace = new Pace(task);
  const zeros = Buffer.alloc(MIB);
  const tail = Math.max(end, size - MIB);
  device.write([zeros.subarray(0, size - tail)], tail);
  for (let done = 0; done < end; done += MIB) {
    device.write([zeros.subarray(0, Math.min(MIB, end - done))], done);
    task.onProgress?.(Math.min(done + MIB, end), end);
    if (pace.isDue) await pace.rest();
  }
}

function unusable(path: string, found: string): LayerError {
  return new LayerError("LAYER_IO", path, `Cannot format "${path}": ${found}`);
}

function naming(path: string, error: unknown): unknown {
  if (error instanceof FormatError) return inContext(`Cannot format "${path}"`, error);
  const code = errnoCode(error);
  if (error instanceof RuntimeError || code === undefined) return error;
  if (code === "EBUSY") {
    return new LayerError("LAYER_BUSY", path, `Cannot format "${path}": it or a part of it is in use`, {
      hint: "Unmount it, and stop what else holds it",
      cause: error,
    });
  }
  const isAbsent = code === "ENOENT" || code === "ENOTDIR";
  const found = isAbsent ? "it does not exist" : systemFault(error);
  return new LayerError(
    isAbsent ? "LAYER_NOT_FOUND" : "LAYER_IO",
    path,
    `Cannot format "${path}": ${found}`,
    { cause: error },
  );
}
