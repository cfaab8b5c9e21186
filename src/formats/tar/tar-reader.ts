// Reads tar archives of every common dialect: v7, ustar, star, PAX, old and new GNU with sparse files.
// Sources: POSIX.1-2017 "pax"; GNU tar manual; libarchive's tar(5).

import type { FileEntry } from "../file-entry.ts";
import { FormatError, quoteName } from "../format-error.ts";
import { addAcls } from "./add-acls.ts";
import { decodeEntry, sizeAt } from "./decode-entry.ts";
import { EntryContent, type ContentSink } from "./entry-content.ts";
import { EXTENSION_KINDS, ExtendedHeaders, type ExtensionKind } from "./extended-headers.ts";
import {
  BLOCK_SIZE,
  FieldError,
  FIELDS,
  isZeroBlock,
  numberAt,
  paddedSize,
  requireChecksum,
  textAt,
} from "./header.ts";
import type { SparseRecords } from "./pax.ts";
import { OldSparseMap, TextSparseMap, type SparseMap } from "./sparse-maps.ts";
import { SparseRuns } from "./sparse-runs.ts";

/** Letters of GNU's own types that need care here; contents of the latter two are not for readers. */
const OLD_SPARSE = "S";
const VOLUME_LABEL = "V";
const DIRECTORY_LISTING = "D";

/** Versions of GNU's sparse records, of which only 1.0 keeps the map out of the header. */
const SPARSE_VERSIONS = ["0.0", "0.1", "1.0"];

/** What takes the entries of an archive, in its order. */
export interface TarSink extends ContentSink {
  /** Takes an entry; `size` bytes of content follow if it is a file. */
  entry(entry: FileEntry): void;
  /** Learns that the archive is complete. */
  end(): void;
  /** Is told, in one line, what of the entry that follows cannot be kept. */
  warning?(message: string): void;
}

/** An entry whose sparse map is not complete, and how many bytes the archive holds for it from there on. */
interface SparseEntry {
  entry: FileEntry;
  map: SparseMap;
  stored: number;
}

/**
 * Takes an archive in chunks of any size and hands its entries to a sink, synchronously and without copies.
 *
 * Memory is bounded whatever the input: by 1 MiB for extended headers and by 16 MB for the map of a sparse file.
 * Names keep their bytes; paths are cleaned, and one that leads out of the archive is refused.
 *
 * @example
 * const reader = new TarReader(sink);
 * for (const chunk of chunks) reader.write(chunk);
 * reader.end();
 */
export class TarReader {
  readonly #sink: TarSink;
  readonly #content = new EntryContent();
  readonly #extensions = new ExtendedHeaders();
  /** Where in the archive the current chunk, the current unit and the header of the last entry begin. */
  #chunkOffset = 0;
  #unitOffset = 0;
  #entryOffset = 0;
  #entryName = "";
  /** What the next bytes are that have to be seen together, and how many. */
  #unit: "header" | "sparse map" | ExtensionKind = "header";
  #unitSize = BLOCK_SIZE;
  /** Bytes of an extended header without its padding. */
  #extensionSize = 0;
  /** A unit that no single chunk holds, as far as it has come. */
  #gathered = Buffer.allocUnsafe(BLOCK_SIZE);
  #gatheredSize = 0;
  #zeroBlocks = 0;
  #hasEntries = false;
  #sparse: SparseEntry | undefined;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /**
   * Takes the next bytes of the archive. What follows its end is ignored, unless there are no entries before it.
   *
   * @throws {FormatError} if they are no tar, or what the sink throws; nothing may be written after that
   */
  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#zeroBlocks < 2)
      at = this.#content.isFinished ? this.#takeUnit(chunk, at) : this.#takeContent(chunk, at);
    if (at < chunk.length && !this.#hasEntries) this.#requireZeros(chunk, at);
    this.#chunkOffset += chunk.length;
  }

  /** What begins with zeros and goes on with something else is no archive without entries, but maybe a disk. */
  #requireZeros(chunk: Buffer, at: number): void {
    const found = chunk.subarray(at).findIndex((byte) => byte !== 0);
    if (found === -1) return;
    const offset = this.#chunkOffset + at + found;
    const message = `Cannot read the tar: it has no entries, but something else at byte ${offset}`;
    throw new FormatError(message, { offset, hint: "Make sure that the input is a tar" });
  }

  #takeContent(chunk: Buffer, at: number): number {
    try {
      return this.#content.take(chunk, at);
    } catch (error) {
      throw this.#placed(error);
    }
  }

  /**
   * Learns that the input has ended. The two zero blocks and the last padding may be missing, content may not.
   *
   * @throws {FormatError} if the archive is cut short
   */
  end(): void {
    const { missing } = this.#content;
    const name = quoteName(this.#entryName);
    if (missing > 0) throw this.#cutShort(this.#entryOffset, `${missing} bytes of entry ${name} are missing`);
    if (this.#unit === "sparse map")
      throw this.#cutShort(this.#entryOffset, `the sparse map of entry ${name} is incomplete`);
    const isInHeader = this.#gathered.subarray(0, this.#gatheredSize).some((byte) => byte !== 0);
    if (this.#unit !== "header" || isInHeader)
      throw this.#cutShort(this.#unitOffset, "a header is incomplete");
    if (this.#extensions.isPending)
      throw this.#cutShort(this.#unitOffset, "an extended header lacks its entry");
    this.#sink.end();
  }

  #cutShort(offset: number, what: string): FormatError {
    const message = `Cannot read the tar: it ends at byte ${this.#chunkOffset}, but ${what} (from byte ${offset})`;
    return new FormatError(message, { offset, hint: "Fetch or make the tar again; this one is cut short" });
  }

  #takeUnit(chunk: Buffer, at: number): number {
    const size = this.#unitSize;
    if (this.#gatheredSize === 0) this.#unitOffset = this.#chunkOffset + at;
    if (this.#gatheredSize === 0 && chunk.length - at >= size) {
      this.#handleUnit(chunk, at);
      return at + size;
    }
    if (this.#gathered.length < size) this.#gathered = Buffer.allocUnsafe(size);
    const count = chunk.copy(this.#gathered, this.#gatheredSize, at, at + size - this.#gatheredSize);
    this.#gatheredSize += count;
    if (this.#gatheredSize === size) {
      this.#gatheredSize = 0;
      this.#handleUnit(this.#gathered, 0);
    }
    return at + count;
  }

  #handleUnit(bytes: Buffer, at: number): void {
    try {
      if (this.#unit === "header") this.#handleHeader(bytes, at);
      else if (this.#unit === "sparse map") this.#handleSparseMap(bytes, at);
      else this.#handleExtension(this.#unit, bytes, at);
    } catch (error) {
      if (error instanceof FieldError) throw this.#refusal(error, bytes, at);
      throw this.#placed(error);
    }
  }

  /** Adds to what a sink refuses where the tar has it. */
  #placed(error: unknown): unknown {
    if (!(error instanceof FormatError) || error.offset !== undefined) return error;
    const offset = this.#entryOffset;
    const { hint } = error;
    return new FormatError(`${error.message} (entry at byte ${offset} of the tar)`, {
      offset,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #refusal(error: FieldError, bytes: Buffer, at: number): FormatError {
    const offset = this.#unitOffset;
    const { pax, longName } = this.#extensions.known;
    const isHeader = this.#unit === "header";
    const name = isHeader ? (pax.path ?? longName ?? textAt(bytes, at, FIELDS.name)) : this.#entryName;
    const message = `Cannot read the tar: entry ${quoteName(name)} at byte ${offset}: ${error.message}`;
    const hint = offset === 0 ? { hint: "Make sure that the input is a tar" } : {};
    return new FormatError(message, { offset, cause: error, ...hint });
  }

  #expect(unit: "header" | "sparse map" | ExtensionKind, size = BLOCK_SIZE): void {
    this.#unit = unit;
    this.#unitSize = size;
  }

  #handleHeader(bytes: Buffer, at: number): void {
    if (isZeroBlock(bytes, at)) {
      if (this.#extensions.isPending)
        throw new FieldError("zeros end the archive where the entry itself must follow");
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0)
      throw new FieldError("it follows a block of zeros, which can only end an archive");
    requireChecksum(bytes, at);
    const letter = textAt(bytes, at, FIELDS.type, true);
    const extension = EXTENSION_KINDS.get(letter);
    if (extension !== undefined) this.#expectExtension(extension, bytes, at);
    else if (letter === VOLUME_LABEL) this.#passOver(sizeAt(bytes, at, FIELDS.size));
    else {
      this.#handleEntry(bytes, at, letter);
      this.#extensions.clear();
    }
  }

  /** Reads the size of an extended header from itself: records for the entry to come do not hold for it. */
  #expectExtension(kind: ExtensionKind, bytes: Buffer, at: number): void {
    const size = numberAt(bytes, at, FIELDS.size);
    this.#extensions.requireRoom(kind, size);
    this.#entryName = textAt(bytes, at, FIELDS.name);
    this.#extensionSize = size;
    if (size === 0) this.#extensions.take(kind, bytes, [at, at]);
    else this.#expect(kind, paddedSize(size));
  }

  #handleExtension(kind: ExtensionKind, bytes: Buffer, at: number): void {
    this.#extensions.take(kind, bytes, [at, at + this.#extensionSize]);
    this.#expect("header");
  }

  #handleEntry(bytes: Buffer, at: number, letter: string): void {
    const { pax } = this.#extensions.known;
    const entry = decodeEntry(bytes, at, this.#extensions.known);
    addAcls(entry, pax, (message) => this.#sink.warning?.(message));
    this.#hasEntries = true;
    this.#entryOffset = this.#unitOffset;
    this.#entryName = entry.path;
    if (letter === OLD_SPARSE) {
      const stored = entry.size;
      entry.size = sizeAt(bytes, at, FIELDS.gnuRealSize);
      this.#sparse = { entry, stored, map: new OldSparseMap() };
      this.#handleSparseMap(bytes, at);
    } else if (entry.type === "file" && pax.sparse !== undefined) this.#handleSparse(entry, pax.sparse);
    else if (entry.type === "file") this.#begin(entry, entry.size);
    else {
      this.#sink.entry(entry);
      if (letter === DIRECTORY_LISTING) this.#passOver(pax.size ?? sizeAt(bytes, at, FIELDS.size));
    }
  }

  #handleSparse(entry: FileEntry, { major = "0", minor = "0", realSize, runs }: SparseRecords): void {
    const version = `${major}.${minor}`;
    if (!SPARSE_VERSIONS.includes(version))
      throw new FieldError(`its sparse format ${quoteName(version)} is not known`);
    if (realSize === undefined) throw new FieldError("its sparse records lack the size of the file");
    const stored = entry.size;
    entry.size = realSize;
    if (major === "0") return this.#begin(entry, stored, runs ?? new SparseRuns());
    this.#sparse = { entry, stored, map: new TextSparseMap() };
    this.#expect("sparse map");
  }

  #handleSparseMap(bytes: Buffer, at: number): void {
    const sparse = this.#sparse;
    if (sparse === undefined) throw new Error("unreachable: a sparse map without an entry");
    if (sparse.map.isStored) sparse.stored -= BLOCK_SIZE;
    if (sparse.stored < 0) throw new FieldError("its sparse map is longer than what the archive holds of it");
    this.#expect("sparse map");
    if (sparse.map.read(bytes, at)) return;
    this.#expect("header");
    this.#begin(sparse.entry, sparse.stored, sparse.map.runs);
    this.#sparse = undefined;
  }

  #begin(entry: FileEntry, stored: number, runs?: SparseRuns): void {
    runs?.require(entry.size, stored);
    this.#sink.entry(entry);
    this.#content.start({ size: entry.size, stored, runs: runs?.pairs ?? [0, stored] }, this.#sink);
  }

  #passOver(size: number): void {
    this.#content.start({ size, stored: size, runs: [0, size] });
  }
}
