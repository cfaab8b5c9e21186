import type { ByteSource } from "../formats/byte-io.ts";
import { Ext4Reader, type FoundFile } from "../formats/ext4/reader/ext4-reader.ts";
import type { FileEntry } from "../formats/file-entry.ts";
import { FormatError, quoteName } from "../formats/format-error.ts";
import { TarWriter } from "../formats/tar/tar-writer.ts";
import { findInLayer } from "./find-in-layer.ts";
import { toLayerForm } from "./overlay-form.ts";

/** How a layer is exported. */
export interface ExportOptions {
  /** Folder of the image that is the layer's root, such as `upper` of a used scratch. Default: the image's root. */
  root?: string;
  /** Keeps whiteouts and attributes of overlayfs as they are, instead of writing them as OCI layers have them. */
  keepOverlay?: boolean;
  /** Writes the times of last access and change as well. Default: no, so that reading a file changes no layer. */
  accessTimes?: boolean;
  /** Bytes of contents that the archive may have, holes included, which it holds as zeros. Default: 1 TiB. */
  maximumSize?: number;
  /** Is told, in one line, of what the archive cannot hold. */
  onWarning?: (message: string) => void;
}

/** What has been exported. */
export interface ExportSummary {
  /** Entries of the archive. */
  entries: number;
  /** Bytes of contents without holes. */
  contentBytes: number;
}

const DEFAULT_MAXIMUM_SIZE = 2 ** 40;

/** Where mkfs and e2fsck put files that have lost their names. */
const LOST_AND_FOUND = "lost+found";

/**
 * Writes a layer's image as a tar archive, the root first, a directory before what it holds, names ordered by their
 * bytes, whiteouts before their neighbours; the same image gives the same archive.
 *
 * @param source the disk with the image
 * @param write takes the archive in large chunks, which are valid during the call only
 * @throws {FormatError} if the image is damaged, or holds what no archive can
 * @throws {LayerError} LAYER_NOT_FOUND if the root is not there
 */
export function exportLayer(
  source: ByteSource,
  write: (chunk: Buffer) => void,
  options: ExportOptions = {},
): ExportSummary {
  const reader = new Ext4Reader(source);
  const root = options.root === undefined ? reader.root() : findInLayer(reader, options.root);
  if (root.entry.type !== "directory")
    throw new FormatError(`Cannot export "${options.root ?? ""}": it is no directory`);
  const exporter = new LayerExporter(reader, new TarWriter(write), options);
  for (const file of reader.walk(root, options.keepOverlay !== true)) {
    const isImageRoot = root.inode === reader.root().inode;
    if (isImageRoot && file.entry.path === LOST_AND_FOUND && isEmpty(reader, file)) continue;
    exporter.add(file);
  }
  return exporter.end();
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
  /** The first name of each file that has several, by inode. */
  readonly #firstNames = new Map<number, string>();
  #entries = 0;
  #contentBytes = 0;
  #size = 0;

  constructor(reader: Ext4Reader, tar: TarWriter, options: ExportOptions) {
    this.#reader = reader;
    this.#tar = tar;
    this.#options = options;
    this.#capacity = reader.superblock.blocks * reader.superblock.blockSize;
  }

  add(file: FoundFile): void {
    const entry = this.#withTimes(file.entry);
    if (entry.type === "socket") {
      this.#options.onWarning?.(`Skipped ${quoteName(entry.path)}: a tar holds no sockets`);
      return;
    }
    if (this.#options.keepOverlay === true) return this.#addFile(file, entry);
    const form = toLayerForm(entry);
    if (form.kind === "whiteout") return this.#addEntry(form.marker);
    this.#addFile(file, form.entry);
    if (form.opaqueMarker !== undefined) this.#addEntry(form.opaqueMarker);
  }

  end(): ExportSummary {
    this.#tar.end();
    return { entries: this.#entries, contentBytes: this.#contentBytes };
  }

  #addFile(file: FoundFile, entry: FileEntry): void {
    const linkTarget = this.#firstNameOf(file);
    if (linkTarget !== undefined) {
      const { linkTarget: _target, device: _device, ...rest } = entry;
      this.#addEntry({ ...rest, type: "hardlink", size: 0, linkTarget });
      return;
    }
    if (entry.type === "file") this.#requireRoom(entry);
    this.#addEntry(entry);
    if (entry.type === "file") this.#addContents(file);
  }

  #requireRoom({ path, size }: FileEntry): void {
    const { maximumSize = DEFAULT_MAXIMUM_SIZE } = this.#options;
    this.#size += size;
    if (this.#size <= maximumSize) return;
    const message = `Cannot export ${quoteName(path)}: with its ${size} bytes the archive has more than ${maximumSize}`;
    throw new FormatError(message, { hint: "Allow a larger archive; holes of sparse files count." });
  }

  #firstNameOf({ entry, inode, links }: FoundFile): string | undefined {
    if (entry.type === "directory" || links === 1) return undefined;
    const first = this.#firstNames.get(inode);
    if (first === undefined) this.#firstNames.set(inode, entry.path);
    return first;
  }

  #addContents(file: FoundFile): void {
    this.#reader.read(file, {
      data: (chunk) => {
        this.#contentBytes += chunk.length;
        if (this.#contentBytes > this.#capacity)
          throw new FormatError("Cannot export the image: its files claim more blocks than there are");
        this.#tar.data(chunk);
      },
      hole: (length) => this.#tar.hole(length),
    });
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
