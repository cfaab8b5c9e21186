import { randomUUID } from "node:crypto";
import { formatUuid } from "../../base/uuid.ts";
import { readBytes, requireInside } from "../byte-io.ts";
import type { Disk } from "../disk/disk.ts";
import type { StoredBytes } from "../disk/stored-file.ts";
import { writeZeros } from "../disk/write-zeros.ts";
import { writeBlockEntry } from "./block-entry.ts";
import { blockGeometry, ENTRY_SIZE, type BlockGeometry } from "./block-geometry.ts";
import { encodeGuid, NO_GUID } from "./guid.ts";
import { encodeHeader, HEADER_POSITIONS } from "./header.ts";
import { encodeDiskSize, type VhdxMetadata } from "./metadata.ts";
import { roundUpToMib, VHDX_SIZE_MAX } from "./numbers.ts";
import { blockParts, readBlocks, type BlockLookup } from "./read-blocks.ts";
import { encodeRegionTable, REGION_TABLE_POSITIONS } from "./region-table.ts";
import { openVhdx, type VhdxFile } from "./vhdx-file.ts";

const COPY_SIZE = 1024 * 1024;

/**
 * Reads and changes the disk in a VHDX file.
 *
 * A block that is written to for the first time is listed in the table only when its contents are on the storage
 * device; each entry is changed within one sector. So the log is not needed, and if its last user left something in
 * it, that is brought into the file before anything else is changed.
 */
export class VhdxDisk implements Disk, BlockLookup {
  readonly format = "vhdx";
  readonly largestSize = VHDX_SIZE_MAX;
  readonly #file: StoredBytes;
  #vhdx: VhdxFile;
  /** Where blocks lie that the file's table does not list yet. */
  readonly #unlisted = new Map<number, number>();
  #isChanged = false;

  /** @throws {FormatError} if the file is no VHDX, is damaged or needs another file */
  constructor(file: StoredBytes) {
    this.#file = file;
    this.#vhdx = openVhdx(file);
  }

  /** What the file says of the disk. */
  get metadata(): VhdxMetadata {
    return this.#vhdx.metadata;
  }

  /** Bytes of the disk. */
  get size(): number {
    return this.metadata.size;
  }

  /** How the disk is divided into blocks. */
  get geometry(): BlockGeometry {
    return this.#vhdx.table.geometry;
  }

  /** Where a block lies in the file, in bytes; undefined if it reads as zeros. */
  positionOf(block: number): number | undefined {
    return this.#unlisted.get(block) ?? this.#vhdx.table.positionOf(block);
  }

  read(target: Uint8Array, position: number): void {
    requireInside(this, position, target.length);
    readBlocks(this.#vhdx.source, this, { target, position });
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    this.#beginChanges();
    let at = position;
    for (const chunk of chunks) {
      requireInside(this, at, chunk.length);
      for (const { block, offset, part } of blockParts(chunk, at, this.geometry.blockSize)) {
        const start = this.positionOf(block) ?? this.#addBlock(block);
        this.#file.write([part], start + offset);
      }
      at += chunk.length;
    }
  }

  flush(): void {
    this.#file.flush();
    if (this.#unlisted.size === 0) return;
    const entry = Buffer.alloc(ENTRY_SIZE);
    for (const [block, position] of this.#unlisted) {
      writeBlockEntry(entry, 0, position);
      this.#file.write([entry], this.#vhdx.table.entryPosition(block));
    }
    this.#file.flush();
    this.#unlisted.clear();
    this.#vhdx.table.forget();
  }

  grow(size: number): void {
    this.#beginChanges();
    this.flush();
    const { metadata, regions } = this.#vhdx;
    this.#clearLastBlock();
    const geometry = blockGeometry({ ...metadata, size });
    const [before, after] = [this.geometry.entries * ENTRY_SIZE, geometry.entries * ENTRY_SIZE];
    if (after > regions.allocationTable.length) this.#moveTable(before, roundUpToMib(after));
    else writeZeros(this.#file, regions.allocationTable.offset + before, after - before);
    this.#file.flush();
    this.#file.write([encodeDiskSize(size)], metadata.sizePosition);
    this.#file.flush();
    this.#vhdx = openVhdx(this.#file);
  }

  /** Gives the disk another identity; `uuid` has 16 bytes. */
  identify(uuid: Uint8Array): void {
    this.#beginChanges();
    this.#file.write([encodeGuid(formatUuid(uuid))], this.#vhdx.metadata.diskIdPosition);
    this.flush();
    this.#vhdx = openVhdx(this.#file);
  }

  /** Completes what the log tells of, and lets the header say that the file is about to change. */
  #beginChanges(): void {
    if (this.#isChanged) return;
    this.#isChanged = true;
    this.#replayLog();
    const { header, slot } = this.#vhdx;
    const next = {
      ...header,
      sequence: header.sequence + 1n,
      fileWriteGuid: randomUUID(),
      dataWriteGuid: randomUUID(),
      logGuid: NO_GUID,
    };
    this.#file.write([encodeHeader(next)], HEADER_POSITIONS[slot === 0 ? 1 : 0]);
    this.#file.flush();
    this.#vhdx = openVhdx(this.#file);
  }

  #replayLog(): void {
    const { pending } = this.#vhdx;
    if (pending === undefined) return;
    if (pending.fileSize > this.#file.size) this.#file.resize(pending.fileSize);
    for (const { position, length, bytes } of pending.patches) {
      if (bytes === undefined) writeZeros(this.#file, Number(position), Number(length));
      else this.#file.write([bytes], Number(position));
    }
    this.#file.flush();
  }

  #addBlock(block: number): number {
    const position = roundUpToMib(this.#file.size);
    this.#file.resize(position + this.geometry.blockSize);
    this.#unlisted.set(block, position);
    return position;
  }

  /** What the disk's last block holds behind the disk's end becomes part of the disk. */
  #clearLastBlock(): void {
    const { blockSize, blocks } = this.geometry;
    const used = this.size - (blocks - 1) * blockSize;
    const start = this.positionOf(blocks - 1);
    if (start !== undefined) writeZeros(this.#file, start + used, blockSize - used);
  }

  /** Copies the first `used` bytes of the table to the file's end, where it gets `length`. */
  #moveTable(used: number, length: number): void {
    const { regions } = this.#vhdx;
    const offset = roundUpToMib(this.#file.size);
    this.#file.resize(offset + length);
    for (let done = 0; done < used; done += COPY_SIZE) {
      const from = regions.allocationTable.offset + done;
      const part = readBytes(this.#file, from, Math.min(COPY_SIZE, used - done));
      this.#file.write([part], offset + done);
    }
    this.#file.flush();
    const table = encodeRegionTable({ ...regions, allocationTable: { offset, length } });
    // Of table and copy one is whole at any moment, and both say where a right table of blocks lies.
    for (const position of REGION_TABLE_POSITIONS) {
      this.#file.write([table], position);
      this.#file.flush();
    }
  }
}
