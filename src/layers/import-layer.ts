import { ftruncateSync } from "node:fs";
import { formatUuid } from "../base/uuid.ts";
import type { ImageSummary } from "../formats/ext4/finish-image.ts";
import { Ext4Writer, type Ext4Options } from "../formats/ext4/writer.ts";
import { FileBytes } from "../formats/file-bytes.ts";
import { FileSink } from "../formats/file-sink.ts";
import { TarReader } from "../formats/tar/tar-reader.ts";
import { appendVerity, verityIdentity, type VeritySummary } from "../formats/verity/append-verity.ts";
import { vhdFooter } from "../formats/vhd/footer.ts";
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
  return makeFile(destination, async (fd) => {
    const input = await openLayerInput(request.input, request);
    const { image, entries } = await writeImage(input, fd, request);
    const tree = verity ? appendTree(fd, image) : undefined;
    const size = finishDisk(fd, tree?.size ?? image.size, image.uuid);
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
  { image, ...task }: ImportRequest,
): Promise<{ image: ImageSummary; entries: number }> {
  const writer = new Ext4Writer(new FileSink(fd), { ...image, ...task });
  const feeder = new ImageFeeder(writer, task);
  const reader = new TarReader(feeder);
  const pace = new Pace(task);
  for await (const chunk of input.chunks()) {
    reader.write(chunk);
    if (pace.isDue) await pace.rest();
  }
  reader.end();
  return { image: writer.finish(), entries: feeder.entries };
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
