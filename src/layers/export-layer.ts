import type { ByteSource } from "../formats/byte-io.ts";
import { Ext4Reader, type FoundFile } from "../formats/ext4/reader/ext4-reader.ts";
import type { FileEntry } from "../formats/file-entry.ts";
import { FormatError, quoteName } from "../formats/format-error.ts";
import { TarWriter } from "../formats/tar/tar-writer.ts";
import { findInLayer } from "./find-in-layer.ts";
import { Pace } from "./pace.ts";
import type { Task } from "./task.ts";
import { toLayerForm } from "./overlay-form.ts";

/** How a layer is exported. */
export interface ExportOptions extends Task {
  /** Folder of the image that is the layer's root. Default: the image's root, or in a scratch the changes of its user. */
  folder?: string;
  /** Keeps whiteouts and attributes of overlayfs as they are, instead of writing them as OCI layers have them. */
  keepOverlay?: boolean;
  /** Writes the times of last access and change as well. Default: no, so that reading a file changes no layer. */
  accessTimes?: boolean;
  /** Bytes of contents that the archive may have, holes included, which it holds as zeros. Default: 1 TiB. */
  maximumSize?: number;
}

/** What has been exported. */
export interface ExportSummary {
  /** Entries of the archive. */
  entries: number;
  /** Bytes of contents without holes. */
  contentBytes: number;
}

const DEFAULT_MAXIMUM_SIZE = 2 ** 40;

/** Bytes of a hole, which the archive holds as zeros, that are written at once. */
const HOLE_PIECE = 16 * 2 ** 20;

/** Where mkfs and e2fsck put files that have lost their names. */
const LOST_AND_FOUND = "lost+found";

/** What an overlay keeps on a scratch: the changes, and a folder to prepare them in. */
const CHANGES = "upper";
const OVERLAY_FOLDERS = [CHANGES, "work"];

/**
 * Writes a layer's image as a tar archive, the root first, a directory before what it holds, names ordered by their
 * bytes, whiteouts before their neighbours; the same image gives the same archive.
 *
 * @param source the disk with the image
 * @param write takes the archive in large chunks, which are valid during the call only
 * @throws {FormatError} if the image is damaged, or holds what no archive can
 * @throws {LayerError} LAYER_NOT_FOUND if the root is not there
 */
export async function exportLayer(
  source: ByteSource,
  write: (chunk: Buffer) => void,
  options: ExportOptions = {},
): Promise<ExportSummary> {
  const reader = new Ext4Reader(source);
  if (!reader.superblock.isClean) {
    options.onWarning?.("The image is mounted, or was not unmounted: what was written last may be missing");
  }
  const root = layerRoot(reader, options.folder);
  const exporter = new LayerExporter(reader, new TarWriter(write), options);
  const isWhole = root.inode === reader.root().inode;
  for (const file of reader.walk(root, options.keepOverlay !== true)) {
    if (isWhole && file.entry.path === LOST_AND_FOUND && isEmpty(reader, file)) continue;
    await exporter.add(file);
  }
  return exporter.end();
}

function layerRoot(reader: Ext4Reader, folder: string | undefined): FoundFile {
  if (folder === undefined) return changesOf(reader) ?? reader.root();
  const root = findInLayer(reader, folder);
  if (root.entry.type === "directory") return root;
  throw new FormatError(`Cannot export "${folder}": it is a ${root.entry.type} and no directory`);
}

/** The folder of the changes, if the image is the scratch of an overlay and nothing else. */
function changesOf(reader: Ext4Reader): FoundFile | undefined {
  const found = reader.children(reader.root()).filter(({ entry }) => entry.path !== LOST_AND_FOUND);
  const isScratch =
    found.length === OVERLAY_FOLDERS.length &&
    found.every(({ entry }) => entry.type === "directory" && OVERLAY_FOLDERS.includes(entry.path));
  return isScratch ? found.find(({ entry }) => entry.path === CHANGES) : undefined;
}

function isEmpty(reader: Ext4Reader, file: FoundFile): boolean {
  return file.entry.type === "directory" && reader.children(file).length === 0;
}

class LayerExporter {
  readonly #reader: Ext4Reader;
  readonly #tar: TarWriter;
  readonly #options: ExportOptions;
  /** Most bytes of contents that a sound image can hold. */
  readonly #capacity: number;
  readonly #pace: Pace;
  /** The first name of each file that has several, by inode. */
  readonly #firstNames = new Map<number, string>();
  /** Bytes that the image has in use, which is about what there is to export. */
  readonly #usedBytes: number;
  #entries = 0;
  #contentBytes = 0;
  #size = 0;

  constructor(reader: Ext4Reader, tar: TarWriter, options: ExportOptions) {
    this.#reader = reader;
    this.#tar = tar;
    this.#options = options;
    const { blocks, freeBlocks, blockSize } = reader.superblock;
    this.#capacity = blocks * blockSize;
    this.#usedBytes = Math.max(0, blocks - freeBlocks) * blockSize;
    this.#pace = new Pace(options);
  }

  async add(file: FoundFile): Promise<void> {
    if (this.#pace.isDue) await this.#pace.rest();
    const entry = this.#withTimes(file.entry);
    if (entry.type === "socket") {
      this.#options.onWarning?.(`Skipped ${quoteName(entry.path)}: a tar holds no sockets`);
      return;
    }
    if (this.#options.keepOverlay === true) return this.#addFile(file, entry);
    const form = toLayerForm(entry);
    if (form.kind === "whiteout") return this.#addEntry(form.marker);
    await this.#addFile(file, form.entry);
    if (form.opaqueMarker !== undefined) this.#addEntry(form.opaqueMarker);
  }

  end(): ExportSummary {
    this.#tar.end();
    return { entries: this.#entries, contentBytes: this.#contentBytes };
  }

  async #addFile(file: FoundFile, entry: FileEntry): Promise<void> {
    const linkTarget = this.#firstNameOf(file);
    if (linkTarget !== undefined) {
      const { linkTarget: _target, device: _device, ...rest } = entry;
      this.#addEntry({ ...rest, type: "hardlink", size: 0, linkTarget });
      return;
    }
    if (entry.type === "file") this.#requireRoom(entry);
    this.#addEntry(entry);
    if (entry.type === "file") await this.#addContents(file);
  }

  #requireRoom({ path, size }: FileEntry): void {
    const { maximumSize = DEFAULT_MAXIMUM_SIZE } = this.#options;
    this.#size += size;
    if (this.#size <= maximumSize) return;
    const message = `Cannot export ${quoteName(path)}: with its ${size} bytes the archive has more than ${maximumSize}`;
    throw new FormatError(message, { hint: "Allow more with --max-size; holes of sparse files count" });
  }

  #firstNameOf({ entry, inode, links }: FoundFile): string | undefined {
    if (entry.type === "directory" || links === 1) return undefined;
    const first = this.#firstNames.get(inode);
    if (first === undefined) this.#firstNames.set(inode, entry.path);
    return first;
  }

  async #addContents(file: FoundFile): Promise<void> {
    for (const piece of this.#reader.pieces(file)) {
      if (typeof piece === "number") await this.#addHole(piece);
      else this.#addData(piece);
      if (this.#pace.isDue) await this.#pace.rest();
    }
  }

  /** A hole may be larger than all that the image holds. */
  async #addHole(length: number): Promise<void> {
    for (let left = length; left > 0; left -= HOLE_PIECE) {
      this.#tar.hole(Math.min(left, HOLE_PIECE));
      if (this.#pace.isDue) await this.#pace.rest();
    }
  }

  #addData(chunk: Buffer): void {
    this.#contentBytes += chunk.length;
    if (this.#contentBytes > this.#capacity)
      throw new FormatError("Cannot export the image: its files claim more blocks than there are");
    this.#tar.data(chunk);
    this.#options.onProgress?.(this.#contentBytes, this.#usedBytes);
  }

  #addEntry(entry: FileEntry): void {
    this.#tar.entry(entry);
    this.#entries++;
  }

  #withTimes(entry: FileEntry): FileEntry {
    if (this.#options.accessTimes === true) return entry;
    const { atime: _atime, ctime: _ctime, ...rest } = entry;
    return rest;
  }
}
