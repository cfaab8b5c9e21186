import { createHash } from "node:crypto";
import { formatUuid } from "../../base/uuid.ts";
import type { ByteSink } from "../byte-io.ts";
import { blockGeometry, ENTRY_SIZE, entryIndex, type BlockGeometry } from "./block-geometry.ts";
import { writeBlockEntry } from "./block-entry.ts";
import { formatGuid, NO_GUID } from "./guid.ts";
import { encodeHeader, encodeIdentifier, HEADER_POSITIONS, type VhdxHeader } from "./header.ts";
import { encodeMetadata, type VhdxMetadata } from "./metadata.ts";
import { MIB, roundUpToMib, VHDX_SIZE_MAX } from "./numbers.ts";
import { blockParts } from "./read-blocks.ts";
import { encodeRegionTable, REGION_TABLE_POSITIONS, type Regions } from "./region-table.ts";

/** Bytes of a block unless another size is asked for. */
export const DEFAULT_BLOCK_SIZE = MIB;

const CREATOR = "runhcs";
const LOG = { logOffset: MIB, logLength: MIB } as const;
const METADATA_REGION = { offset: 2 * MIB, length: MIB } as const;
const TABLE_OFFSET = 3 * MIB;
const TABLE_PAGE_SIZE = 4096;

/** How a disk is written. */
export interface VhdxOptions {
  /** 16 bytes that tell the disk from others; all other identifiers are derived from them. */
  uuid: Uint8Array;
  /** A power of two from 1 MiB to 256 MiB. Default: 1 MiB. */
  blockSize?: number;
  /** Bytes: 512 or 4096. Default: 512. */
  logicalSectorSize?: number;
}

/**
 * Writes a dynamic VHDX, whose file holds only the blocks that were written to.
 *
 * The same writes and options give the same bytes.
 */
export class VhdxWriter implements ByteSink {
  readonly #output: ByteSink;
  readonly #metadata: VhdxMetadata;
  readonly #geometry: BlockGeometry;
  readonly #uuid: Uint8Array;
  readonly #tableLength: number;
  /** Where each block lies in the file that was written to, in bytes. */
  readonly #positions = new Map<number, number>();
  /** Where the next block goes, in bytes. */
  #end: number;

  /**
   * Prepares a disk of `size` bytes.
   *
   * @throws {RangeError} if the size is no multiple of a sector or larger than 64 TiB, or the block size is none
   */
  constructor(output: ByteSink, size: number, options: VhdxOptions) {
    const { uuid, blockSize = DEFAULT_BLOCK_SIZE, logicalSectorSize = 512 } = options;
    requireSizes(size, blockSize, logicalSectorSize);
    this.#output = output;
    this.#uuid = uuid;
    this.#metadata = {
      size,
      blockSize,
      isFixed: false,
      diskId: formatUuid(uuid),
      logicalSectorSize,
      physicalSectorSize: 4096,
    };
    this.#geometry = blockGeometry(this.#metadata);
    this.#tableLength = roundUpToMib(this.#geometry.entries * ENTRY_SIZE);
    this.#end = TABLE_OFFSET + this.#tableLength;
  }

  /** Writes to the disk. @throws {RangeError} if the bytes do not lie in it */
  write(chunks: readonly Uint8Array[], position: number): void {
    let at = position;
    for (const chunk of chunks) {
      this.#writeChunk(chunk, at);
      at += chunk.length;
    }
  }

  /** Completes the file; returns its length in bytes, which the caller gives it: its end may not have been written. */
  finish(): number {
    this.#writeTable();
    this.#output.write([encodeMetadata(this.#metadata)], METADATA_REGION.offset);
    const regions: Regions = {
      allocationTable: { offset: TABLE_OFFSET, length: this.#tableLength },
      metadata: METADATA_REGION,
      others: [],
    };
    const table = encodeRegionTable(regions);
    for (const position of REGION_TABLE_POSITIONS) this.#output.write([table], position);
    for (const [index, position] of HEADER_POSITIONS.entries()) {
      this.#output.write([encodeHeader(this.#header(BigInt(index)))], position);
    }
    this.#output.write([encodeIdentifier(CREATOR)], 0);
    return this.#end;
  }

  #header(sequence: bigint): VhdxHeader {
    const fileWriteGuid = derivedGuid(this.#uuid, "file");
    const dataWriteGuid = derivedGuid(this.#uuid, "data");
    return { sequence, fileWriteGuid, dataWriteGuid, logGuid: NO_GUID, ...LOG };
  }

  /** Writes the pages of the table that have entries; the others stay unwritten and say that nothing is there. */
  #writeTable(): void {
    const pages = new Map<number, Buffer>();
    for (const [block, position] of this.#positions) {
      const at = entryIndex(block, this.#geometry.chunkRatio) * ENTRY_SIZE;
      const number = Math.floor(at / TABLE_PAGE_SIZE);
      const page = pages.get(number) ?? Buffer.alloc(TABLE_PAGE_SIZE);
      writeBlockEntry(page, at - number * TABLE_PAGE_SIZE, position);
      pages.set(number, page);
    }
    for (const [number, page] of pages) this.#output.write([page], TABLE_OFFSET + number * TABLE_PAGE_SIZE);
  }

  #writeChunk(chunk: Uint8Array, position: number): void {
    const { size, blockSize } = this.#metadata;
    if (position + chunk.length > size) {
      throw new RangeError(`The disk of ${size} bytes ends before ${position + chunk.length}`);
    }
    for (const { block, offset, part } of blockParts(chunk, position, blockSize)) {
      this.#output.write([part], this.#positionOf(block) + offset);
    }
  }

  #positionOf(block: number): number {
    const known = this.#positions.get(block);
    if (known !== undefined) return known;
    const position = this.#end;
    this.#positions.set(block, position);
    this.#end += this.#metadata.blockSize;
    return position;
  }
}

function requireSizes(size: number, blockSize: number, logicalSectorSize: number): void {
  const isPowerOfTwo = Number.isInteger(Math.log2(blockSize));
  if (!isPowerOfTwo || blockSize < MIB || blockSize > 256 * MIB) {
    throw new RangeError(`A block of a VHDX cannot have ${blockSize} bytes`);
  }
  if (logicalSectorSize !== 512 && logicalSectorSize !== 4096) {
    throw new RangeError(`A sector of a VHDX cannot have ${logicalSectorSize} bytes`);
  }
  if (!Number.isSafeInteger(size) || size <= 0 || size > VHDX_SIZE_MAX || size % logicalSectorSize !== 0) {
    throw new RangeError(
      `A VHDX cannot have ${size} bytes: only multiples of ${logicalSectorSize} up to ${VHDX_SIZE_MAX}`,
    );
  }
}

function derivedGuid(uuid: Uint8Array, purpose: string): string {
  return formatGuid(createHash("sha256").update(uuid).update(purpose).digest());
}
