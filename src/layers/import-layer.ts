import { ftruncateSync } from "node:fs";
import { LayerError } from "../base/errors.ts";
import { formatUuid } from "../base/uuid.ts";
import type { ImageSummary } from "../formats/ext4/finish-image.ts";
import { Ext4Writer, type Ext4Options } from "../formats/ext4/writer.ts";
import { FileBytes } from "../formats/file-bytes.ts";
import { FileSink } from "../formats/file-sink.ts";
import { TarReader } from "../formats/tar/tar-reader.ts";
import { appendVerity, verityIdentity, type VeritySummary } from "../formats/verity/append-verity.ts";
import { vhdFooter, VHD_SIZE_MAX } from "../formats/vhd/footer.ts";
import { FormatError, inContext } from "../formats/format-error.ts";
import { ImageFeeder } from "./image-feeder.ts";
import { makeFile, type Destination } from "./new-file.ts";
import { openLayerInput, type LayerInput, type LayerInputOptions } from "./open-layer-input.ts";
import { Pace } from "./pace.ts";
import type { Task } from "./task.ts";

/** A layer to import. */
export interface ImportRequest extends Task, Pick<LayerInputOptions, "digest" | "maximumSize"> {
  /** Path of a tar, plain or compressed; `-` is standard input. */
  input: string;
  destination: Destination;
  image: Omit<Ext4Options, "onWarning">;
  /** Whether a dm-verity tree is put behind the file system. */
  verity: boolean;
}

/** What an import has made. */
export interface ImportResult {
  path: string;
  /** Bytes of the file, its footer included. */
  size: number;
  /** UUID of the file system. */
  uuid: string;
  /** How many entries the tar has. */
  entries: number;
  /** Bytes of the tar, and of the input as it came. */
  tarSize: number;
  inputSize: number;
  /** "sha256:" and the hash of the tar, and of the input as it came, if asked for. */
  diffId?: string;
  digest?: string;
  /** What a kernel has to be given to trust the image, if it has a dm-verity tree: 64 hexadecimal digits. */
  rootHash?: string;
}

/**
 * Makes the image of a layer's tar: an ext4 file system in a fixed VHD.
 *
 * The same tar and options give the same bytes. They are left to the kernel to bring to the disk, as `cp` does.
 *
 * @throws {FormatError} naming the entry and where it lies, if the input is no tar or an image cannot hold it
 * @throws {LayerError} if the input cannot be read, or the destination exists or cannot be written
 */
export async function importLayer(request: ImportRequest): Promise<ImportResult> {
  const { destination, verity } = request;
  requireDiskSize(destination.path, request.image.size ?? 0);
  return makeFile(destination, async (fd) => {
    const input = await openLayerInput(request.input, request);
    const { image, entries } = await writeImage(input, fd, request);
    const tree = verity ? appendTree(fd, image) : undefined;
    const diskSize = tree?.size ?? image.size;
    requireDiskSize(destination.path, diskSize);
    const size = finishDisk(fd, diskSize, image.uuid);
    const { diffId, digest, size: tarSize, compressedSize: inputSize } = input.summary;
    return {
      path: destination.path,
      size,
      uuid: formatUuid(image.uuid),
      entries,
      tarSize,
      inputSize,
      ...(diffId === undefined || digest === undefined ? {} : { diffId, digest }),
      ...(tree === undefined ? {} : { rootHash: tree.rootHash }),
    };
  });
}

async function writeImage(
  input: LayerInput,
  fd: number,
  request: ImportRequest,
): Promise<{ image: ImageSummary; entries: number }> {
  const { image, onWarning } = request;
  // The limit of the request is that of the tar: an image of many small files is larger.
  const options = { ...image, ...(onWarning === undefined ? {} : { onWarning }) };
  const writer = new Ext4Writer(new FileSink(fd), options);
  const feeder = new ImageFeeder(writer, request);
  const reader = new TarReader(feeder);
  const pace = new Pace(request);
  for await (const chunk of input.chunks()) {
    naming(request.input, () => reader.write(chunk));
    if (pace.isDue) await pace.rest();
  }
  return naming(request.input, () => {
    reader.end();
    return { image: writer.finish(), entries: feeder.entries };
  });
}

/** Puts the name of the input before a fault that is found in what it holds. */
function naming<T>(input: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof FormatError ? inContext(`Cannot import ${JSON.stringify(input)}`, error) : error;
  }
}

function requireDiskSize(path: string, size: number): void {
  if (size <= VHD_SIZE_MAX) return;
  const found = `a VHD has at most ${VHD_SIZE_MAX} bytes, and its disk would have ${size}`;
  throw new LayerError("LAYER_FORMAT", path, `Cannot make file "${path}": ${found}`);
}

function appendTree(fd: number, { size, uuid }: ImageSummary): VeritySummary {
  // The tree covers bytes that the image has not written.
  ftruncateSync(fd, size);
  return appendVerity(new FileBytes(fd, size), size, verityIdentity(uuid));
}

/** Writes the footer; the disk's own identity is that of the file system. @returns bytes of the file */
function finishDisk(fd: number, size: number, uuid: Uint8Array): number {
  const footer = vhdFooter(size, { uuid });
  new FileSink(fd).write([footer], size);
  return size + footer.length;
}
