import type { ByteSink } from "../byte-io.ts";
import type { FileEntry } from "../file-entry.ts";
import { quoteName, quoteSome } from "../format-error.ts";
import { BlockAllocator } from "./block-allocator.ts";
import { BLOCK_SIZE } from "./constants.ts";
import { ContentStore } from "./content-store.ts";
import { naming } from "./entry-check.ts";
import { EntryStore } from "./entry-store.ts";
import type { FileBody } from "./file-body.ts";
import { finishImage, type ImageIdentity, type ImageSummary } from "./finish-image.ts";
import { InlineBody, isInlineFile } from "./inline-data.ts";
import { writeSize } from "./inode.ts";
import { descriptorBlocks } from "./layout.ts";
import { misleadsOverlays } from "./whiteout.ts";
import { isKnownXattr } from "./xattr.ts";

/** How an image is written. */
export interface Ext4Options extends ImageIdentity {
  /** Turns whiteouts into the form of overlayfs instead of keeping them as files. */
  overlay?: boolean;
  /** Bytes that the image has at least; what the files do not need is free space. */
  size?: number;
  /** Files that the image has room for at least. */
  inodes?: number;
  /** Bytes that the image must not exceed; each 16 GiB of them take 4 KiB of the image. Default: 128 GiB. */
  maximumSize?: number;
  /** Is told, in one line, of what the image cannot hold. */
  onWarning?: (message: string) => void;
}

const DEFAULT_MAXIMUM_SIZE = 128 * 2 ** 30;
/** Block numbers have 32 bits. */
const LARGEST_SIZE = (2 ** 32 - 1) * BLOCK_SIZE;

/**
 * Writes an ext4 image in one pass: contents go out as they come, all that describes them in the end.
 *
 * The image has no journal. The same entries and options give the same bytes.
 *
 * @see https://docs.kernel.org/filesystems/ext4/index.html
 */
export class Ext4Writer {
  readonly #options: Ext4Options;
  readonly #content: ContentStore;
  readonly #entries: EntryStore;
  readonly #maximumBlocks: number;
  /** The file whose contents are to come. */
  #open: { number: number; entry: FileEntry; body: FileBody | InlineBody } | undefined;

  constructor(output: ByteSink, options: Ext4Options = {}) {
    const { maximumSize = DEFAULT_MAXIMUM_SIZE, size = 0, overlay = false, inlineData = false } = options;
    this.#options = options;
    this.#maximumBlocks = Math.floor(Math.min(Math.max(maximumSize, size), LARGEST_SIZE) / BLOCK_SIZE);
    const first = 1 + descriptorBlocks(this.#maximumBlocks);
    this.#content = new ContentStore(output, new BlockAllocator(first, this.#maximumBlocks));
    this.#entries = new EntryStore(this.#content, { overlay, inlineData });
  }

  /**
   * Begins the next file; one with the path of an earlier one takes its place.
   *
   * @throws {FormatError} naming the entry, if the image cannot hold it
   */
  entry(entry: FileEntry): void {
    this.#closeBody();
    try {
      const known = this.#withAllowedXattrs(entry);
      const number = this.#entries.add(known);
      if (number !== undefined) this.#open = { number, entry: known, body: this.#beginBody(known) };
    } catch (error) {
      throw naming(entry.path, error);
    }
    if (entry.type === "socket") {
      this.#options.onWarning?.(`Skipped ${quoteName(entry.path)}: an image holds no sockets`);
    }
  }

  /**
   * Writes the next bytes of the file begun last; they may be reused after the call.
   *
   * @throws {FormatError} if the image would exceed its maximum size
   */
  data(chunk: Uint8Array): void {
    const open = this.#open;
    if (open === undefined) return;
    try {
      open.body.data(chunk);
    } catch (error) {
      throw naming(open.entry.path, error);
    }
  }

  /** Leaves out the next bytes of the file begun last; they read as zeros and take no blocks. */
  hole(length: number): void {
    this.#open?.body.hole(length);
  }

  /**
   * Completes the image. The caller sets the output's length to the size returned, for the last bytes may not have
   * been written.
   *
   * @throws {FormatError} if the image would exceed its maximum size
   */
  finish(): ImageSummary {
    this.#closeBody();
    const { size = 0, inodes = 0 } = this.#options;
    const room = { blocks: Math.floor(size / BLOCK_SIZE), inodes, maximumBlocks: this.#maximumBlocks };
    return finishImage({ content: this.#content, entries: this.#entries }, room, this.#options);
  }

  #beginBody(entry: FileEntry): FileBody | InlineBody {
    const isInline = this.#options.inlineData === true && isInlineFile(entry);
    return isInline ? new InlineBody(entry.size) : this.#content.begin();
  }

  /** Leaves out the attributes that the image must not have, with a warning. */
  #withAllowedXattrs(entry: FileEntry): FileEntry {
    if (entry.xattrs === undefined) return entry;
    const misleading = this.#options.overlay === true ? misleadsOverlays : (): boolean => false;
    const isAllowed = (name: string): boolean => isKnownXattr(name) && !misleading(name);
    const others = [...entry.xattrs.keys()].filter((name) => !isAllowed(name));
    if (others.length === 0) return entry;
    const what = `extended attribute ${quoteSome(others)} of ${quoteName(entry.path)}`;
    const reason = others.some((name) => isKnownXattr(name))
      ? "it would lead overlays to other files"
      : "Linux has none of this name";
    this.#options.onWarning?.(`Skipped the ${what}: ${reason}`);
    return { ...entry, xattrs: new Map([...entry.xattrs].filter(([name]) => isAllowed(name))) };
  }

  #closeBody(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const { number, entry, body } = open;
    if (body.length !== entry.size) {
      throw new RangeError(
        `${quoteName(entry.path)} has ${body.length} bytes of contents, not ${entry.size}`,
      );
    }
    const inode = this.#entries.inodes.at(number);
    try {
      if (body instanceof InlineBody) return this.#content.storeInline(inode, body.contents, entry.xattrs);
      writeSize(inode, entry.size);
      this.#content.attach(number, inode, body.end());
    } catch (error) {
      throw naming(entry.path, error);
    }
  }
}
