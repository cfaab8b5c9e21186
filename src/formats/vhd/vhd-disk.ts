import { readBytes, requireInside } from "../byte-io.ts";
import type { Disk, DiskFormat } from "../disk/disk.ts";
import type { StoredBytes } from "../disk/stored-file.ts";
import { writeZeros } from "../disk/write-zeros.ts";
import {
  DYNAMIC_HEADER_SIZE,
  encodeDynamicHeader,
  parseDynamicHeader,
  type DynamicHeader,
} from "./dynamic-header.ts";
import { NO_BLOCK, sectorBitmapSize } from "./dynamic-layout.ts";
import { FOOTER_SIZE, resizedVhdFooter } from "./footer.ts";
import { roundUpToSectors, SECTOR_SIZE } from "./sector.ts";
import { VhdReader } from "./vhd-reader.ts";

/** Reads and changes the disk in a fixed or dynamic VHD file, which ends with a whole footer at any moment. */
export class VhdDisk implements Disk {
  readonly #file: StoredBytes;
  #reader: VhdReader;

  /** @throws {FormatError} if the file is no VHD, is damaged or needs another file */
  constructor(file: StoredBytes) {
    this.#file = file;
    this.#reader = new VhdReader(file);
  }

  get largestSize(): number {
    return this.#reader.largestSize;
  }

  get format(): DiskFormat {
    return this.#reader.format;
  }

  /** Bytes of the disk. */
  get size(): number {
    return this.#reader.size;
  }

  read(target: Uint8Array, position: number): void {
    requireInside(this, position, target.length);
    this.#reader.read(target, position);
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    let at = position;
    for (const chunk of chunks) {
      requireInside(this, at, chunk.length);
      if (this.#reader.footer.kind === "fixed") this.#file.write([chunk], at);
      else this.#writeDynamic(chunk, at);
      at += chunk.length;
    }
  }

  flush(): void {
    this.#file.flush();
  }

  grow(size: number): void {
    if (this.#reader.footer.kind === "fixed") this.#growFixed(size);
    else this.#growDynamic(size);
    this.#reader = new VhdReader(this.#file);
  }

  /** Position of the footer at the file's end, in bytes. */
  get #footerPosition(): number {
    return this.#file.size - FOOTER_SIZE;
  }

  #footer(): Buffer {
    return readBytes(this.#file, this.#footerPosition, FOOTER_SIZE);
  }

  #growFixed(size: number): void {
    const position = this.#footerPosition;
    if (size === this.size) return;
    this.#file.write([resizedVhdFooter(this.#footer(), size)], size);
    this.#file.flush();
    this.#file.write([Buffer.alloc(FOOTER_SIZE)], position);
    this.#file.flush();
  }

  #growDynamic(size: number): void {
    const { headerPosition, header } = this.#dynamicHeader();
    this.#clearLastBlock(header);
    const blocks = Math.ceil(size / header.blockSize);
    this.#clearEntries(header, blocks);
    const entries = Math.max(header.tableEntries, blocks);
    const length = roundUpToSectors(entries * 4);
    if (length > roundUpToSectors(header.tableEntries * 4)) {
      const tableOffset = this.#copyTable(header, length);
      this.#writeHeader(headerPosition, { ...header, tableOffset, tableEntries: entries });
    } else if (entries > header.tableEntries) {
      const from = header.tableEntries * 4;
      this.#file.write([Buffer.alloc(length - from, 0xff)], header.tableOffset + from);
      this.#file.flush();
      this.#writeHeader(headerPosition, { ...header, tableEntries: entries });
    }
    const footer = resizedVhdFooter(this.#footer(), size);
    for (const position of [0, this.#footerPosition]) {
      this.#file.write([footer], position);
      this.#file.flush();
    }
  }

  #dynamicHeader(): { headerPosition: number; header: DynamicHeader } {
    const headerPosition = this.#reader.footer.dataOffset ?? 0;
    const bytes = readBytes(this.#file, headerPosition, DYNAMIC_HEADER_SIZE);
    return { headerPosition, header: parseDynamicHeader(bytes) };
  }

  /** What the disk's last block holds behind the disk's end becomes part of the disk. */
  #clearLastBlock({ blockSize, tableOffset }: DynamicHeader): void {
    const used = this.size % blockSize;
    if (used === 0) return;
    const entry = tableOffset + 4 * Math.floor(this.size / blockSize);
    const sector = readBytes(this.#file, entry, 4).readUInt32BE(0);
    if (sector === NO_BLOCK) return;
    const start = sector * SECTOR_SIZE + sectorBitmapSize(blockSize);
    writeZeros(this.#file, start + used, blockSize - used);
  }

  /** The table may be longer than the disk, and hold anything where the disk's new blocks are listed. */
  #clearEntries({ blockSize, tableOffset, tableEntries }: DynamicHeader, blocks: number): void {
    const from = Math.ceil(this.size / blockSize);
    const count = Math.min(blocks, tableEntries) - from;
    if (count <= 0) return;
    this.#file.write([Buffer.alloc(4 * count, 0xff)], tableOffset + 4 * from);
    this.#file.flush();
  }

  /** All that changes lies in the header's first sector. */
  #writeHeader(position: number, header: DynamicHeader): void {
    this.#file.write([encodeDynamicHeader(header)], position);
    this.#file.flush();
  }

  /** Copies the table behind the footer, and the footer behind that; returns where the table lies. */
  #copyTable(header: DynamicHeader, length: number): number {
    const position = this.#file.size;
    const known = readBytes(this.#file, header.tableOffset, header.tableEntries * 4);
    const table = Buffer.alloc(length, 0xff);
    known.copy(table);
    this.#file.write([table, this.#footer()], position);
    this.#file.flush();
    return position;
  }

  #writeDynamic(chunk: Uint8Array, position: number): void {
    const { header } = this.#dynamicHeader();
    const { blockSize } = header;
    for (let done = 0; done < chunk.length;) {
      const block = Math.floor((position + done) / blockSize);
      const offset = position + done - block * blockSize;
      const part = chunk.subarray(done, done + blockSize - offset);
      const entry = header.tableOffset + 4 * block;
      const sector = readBytes(this.#file, entry, 4).readUInt32BE(0);
      const start = sector === NO_BLOCK ? this.#addBlock(entry, blockSize) : sector * SECTOR_SIZE;
      this.#file.write([part], start + sectorBitmapSize(blockSize) + offset);
      done += part.length;
    }
  }

  /** Puts a block of zeros in the place of the footer, which moves behind it; returns where it lies, in bytes. */
  #addBlock(entry: number, blockSize: number): number {
    const start = roundUpToSectors(this.#footerPosition);
    const bitmapSize = sectorBitmapSize(blockSize);
    const footer = this.#footer();
    this.#file.write([footer], start + bitmapSize + blockSize);
    this.#file.flush();
    this.#file.write([Buffer.alloc(bitmapSize, 0xff)], start);
    this.#file.flush();
    const listed = Buffer.alloc(4);
    listed.writeUInt32BE(start / SECTOR_SIZE);
    this.#file.write([listed], entry);
    this.#reader = new VhdReader(this.#file);
    return start;
  }
}
