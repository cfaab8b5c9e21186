import { closeSync, fsyncSync, ftruncateSync, openSync, statSync } from "node:fs";
import { LayerError, UsageError } from "../base/errors.ts";
import { ifExists } from "../base/files.ts";
import { randomUuid } from "../base/uuid.ts";
import { FileSink } from "../formats/file-sink.ts";
import { VhdxWriter } from "../formats/vhdx/vhdx-writer.ts";
import { copyScratch } from "./copy-scratch.ts";
import { writeEmptyFileSystem } from "./empty-file-system.ts";
import { makeFile, type Destination } from "./new-file.ts";
import { DEFAULT_SCRATCH_SIZE_GB, GIB } from "./scratch-size.ts";

/** Block numbers of the file system have 32 bits. */
const LARGEST_SIZE_GB = 16383;
/** How often larger the file system can become without anything in it being moved. */
const GROWTH = 64;

/** A scratch to make. */
export interface ScratchRequest {
  destination: Destination;
  /** GiB; 0 or undefined is 20. */
  sizeGB?: number;
  /** Where a scratch of the default size is kept, to be copied; made if it does not exist. */
  cachePath?: string | undefined;
  /** 16 bytes that tell disk and file system from others. Default: random. */
  uuid?: Uint8Array;
}

/** A scratch that has been made. */
export interface Scratch {
  path: string;
  /** Bytes of the disk. */
  size: number;
  /** Bytes of the file. */
  fileSize: number;
  /** Whether it is a copy of the cache. */
  isCopy: boolean;
}

/**
 * Makes the writable layer of a Linux container: an empty ext4 file system in a dynamic VHDX of 1 MiB blocks.
 *
 * The size is taken as it is given, as runhcs 0.8.16 does; only none at all, or 0, means 20 GiB. The file system has
 * no journal and keeps no blocks for the superuser; it can be made 64 times larger.
 *
 * With a cache, a scratch of the default size is a copy of it with an identity of its own; where the cache is not of
 * this program's making and has checksums that depend on the identity, it is copied as it is. Any number of calls may
 * run at the same time: one of them makes the cache, and it appears whole.
 *
 * @throws {UsageError} if the size is none
 * @throws {LayerError} LAYER_EXISTS if there is a file that must not be replaced, LAYER_IO if none can be made
 * @throws {FormatError} if the cache is no VHDX of the default size
 */
export async function createScratch(request: ScratchRequest): Promise<Scratch> {
  const { destination, sizeGB = 0 } = request;
  const size = sizeOf(sizeGB);
  const cache = size === DEFAULT_SCRATCH_SIZE_GB * GIB ? request.cachePath : undefined;
  const uuid = request.uuid ?? randomUuid();
  const fileSize = await makeFile(destination, async (fd) => {
    if (cache === undefined) return writeScratch(fd, size, uuid);
    await makeCache(cache, size);
    return copyScratch(cache, { fd, size, uuid });
  });
  return { path: destination.path, size, fileSize, isCopy: cache !== undefined };
}

function sizeOf(sizeGB: number): number {
  if (!Number.isInteger(sizeGB) || sizeGB < 0 || sizeGB > LARGEST_SIZE_GB) {
    throw new UsageError(
      `Cannot make a scratch of ${sizeGB} GB: only whole numbers up to ${LARGEST_SIZE_GB}`,
    );
  }
  return (sizeGB === 0 ? DEFAULT_SCRATCH_SIZE_GB : sizeGB) * GIB;
}

/**
 * Makes the disk of a scratch as `createScratch` does, at a path that nobody looks at before it is complete.
 *
 * @throws {UsageError} if the size is none
 * @throws {Error} as node:fs does, also if the file exists
 */
export function writeScratchFile(path: string, sizeGB: number): void {
  const size = sizeOf(sizeGB);
  const fd = openSync(path, "wx+", 0o600);
  try {
    writeScratch(fd, size, randomUuid());
  } finally {
    closeSync(fd);
  }
}

/** Writes a scratch into an open file; returns the file's length in bytes. */
function writeScratch(fd: number, size: number, uuid: Uint8Array): number {
  const disk = new VhdxWriter(new FileSink(fd), size, { uuid });
  writeEmptyFileSystem(disk, { size, maximumSize: size * GROWTH, uuid });
  const length = disk.finish();
  ftruncateSync(fd, length);
  return length;
}

async function makeCache(path: string, size: number): Promise<void> {
  if (ifExists(() => statSync(path)) !== undefined) return;
  try {
    await makeFile({ path, force: false }, (fd) => {
      writeScratch(fd, size, randomUuid());
      // A scratch is of no use after a crash of the host; the cache is, and must then be whole.
      fsyncSync(fd);
    });
  } catch (error) {
    // Another call was first.
    if (error instanceof LayerError && error.code === "LAYER_EXISTS") return;
    throw error;
  }
}
