import { roundUp } from "../base/round-up.ts";
import { closeSync, openSync } from "node:fs";
import { errnoCode, LayerError, systemFault } from "../base/errors.ts";
import type { Disk, DiskFormat } from "../formats/disk/disk.ts";
import { openDisk } from "../formats/disk/open-disk.ts";
import { StoredFile } from "../formats/disk/stored-file.ts";
import { BLOCK_SIZE } from "../formats/ext4/constants.ts";
import { growImage } from "../formats/ext4/grow-image.ts";
import { planGrowth } from "../formats/ext4/grow-plan.ts";
import { FormatError, inContext } from "../formats/format-error.ts";

/** What has become of a layer's disk. */
export interface ExpandedLayer {
  format: DiskFormat;
  /** Bytes of the disk. */
  previousSize: number;
  size: number;
  /** Bytes that the file system has grown by; undefined if there is none that could grow. */
  fileSystemGrowth: number | undefined;
}

/**
 * Makes the disk of a layer larger (VHDX, VHD or the bytes themselves), and the ext4 file system that it holds with it.
 * Nobody may use the disk meanwhile.
 *
 * The file system has to be one without checksums and copies of its superblock that was unmounted, as this program
 * writes them; another one is refused before anything is changed. A disk that begins with no ext4 file system is only
 * made larger. After an interruption the disk is whole, and the same call again completes what was left.
 *
 * @param sizeBytes size of the disk, rounded up to a multiple of 4096
 * @throws {LayerError} LAYER_NOT_FOUND if there is no such file, LAYER_IO if it cannot be changed or has more bytes
 * @throws {FormatError} if the disk or its file system cannot be made larger
 */
export function expandLayer(path: string, sizeBytes: number): ExpandedLayer {
  const fd = openLayer(path);
  try {
    return expandDisk(path, openDisk(new StoredFile(fd)), sizeBytes);
  } catch (error) {
    throw naming(path, error);
  } finally {
    closeSync(fd);
  }
}

function expandDisk(path: string, disk: Disk, sizeBytes: number): ExpandedLayer {
  const previousSize = disk.size;
  const size = roundUp(sizeBytes, BLOCK_SIZE);
  requireSize(path, disk, size);
  const plan = planGrowth(disk, size);
  if (size > previousSize) disk.grow(size);
  // What the disk held before it was made larger may be anything.
  if (plan !== undefined) growImage(disk, plan, Math.ceil(previousSize / BLOCK_SIZE));
  const growth = plan === undefined ? undefined : (plan.blocks.after - plan.blocks.before) * BLOCK_SIZE;
  return { format: disk.format, previousSize, size, fileSystemGrowth: growth };
}

function requireSize(path: string, disk: Disk, size: number): void {
  const fault =
    !Number.isSafeInteger(size) || size > disk.largestSize
      ? `at most ${disk.largestSize} are possible`
      : `it has ${disk.size}`;
  if (size < disk.size || fault !== `it has ${disk.size}`) {
    throw new LayerError("LAYER_IO", path, `Cannot expand layer "${path}" to ${size} bytes: ${fault}`);
  }
}

function openLayer(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    throw naming(path, error);
  }
}

function naming(path: string, error: unknown): unknown {
  if (error instanceof LayerError || !(error instanceof Error)) return error;
  const context = `Cannot expand layer "${path}"`;
  if (error instanceof FormatError) return inContext(context, error);
  const code = errnoCode(error);
  if (code === undefined) return error;
  const kind = code === "ENOENT" ? "LAYER_NOT_FOUND" : "LAYER_IO";
  return new LayerError(kind, path, `${context}: ${systemFault(error)}`, { cause: error });
}
