import { readBytes, type ByteSource } from "../byte-io.ts";
import { FormatError } from "../format-error.ts";
import { DYNAMIC_HEADER_SIZE, parseDynamicHeader } from "./dynamic-header.ts";
import { NO_BLOCK, sectorBitmapSize } from "./dynamic-layout.ts";
import { FOOTER_SIZE, parseVhdFooter, VHD_SIZE_MAX, type VhdFooter } from "./footer.ts";
import { SECTOR_SIZE } from "./sector.ts";

/** The table is held in memory; the largest disk has as many of the smallest blocks that known writers make. */
const BLOCKS_MAX = VHD_SIZE_MAX / (512 * 1024);

/** Reads the disk in a fixed or dynamic VHD file. */
export class VhdReader implements ByteSource {
  readonly footer: VhdFooter;
  readonly #input: ByteSource;
  readonly #dynamic: DynamicDisk | undefined;

  /**
   * Reads and verifies everything but the disk's contents.
   *
   * @throws {FormatError} if the file is no VHD, is damaged or needs another file
   */
  constructor(input: ByteSource) {
    this.#input = input;
    this.footer = parseVhdFooter(readBytes(input, input.size - FOOTER_SIZE, FOOTER_SIZE));
    const { kind, size, dataOffset } = this.footer;
    if (kind === "differencing") throw fault("it is a differencing disk, whose parent is not read");
    if (kind === "dynamic") this.#dynamic = openDynamic(input, size, dataOffset ?? 0);
    else if (size + FOOTER_SIZE > input.size) throw fault(`its disk of ${size} bytes is cut short`);
  }

  /** Whether the file holds every block of the disk. */
  get format(): "vhd-fixed" | "vhd-dynamic" {
    return this.#dynamic === undefined ? "vhd-fixed" : "vhd-dynamic";
  }

  /** Bytes that the disk could have at most. */
  get largestSize(): number {
    return Math.min(VHD_SIZE_MAX, (this.#dynamic?.blockSize ?? VHD_SIZE_MAX) * BLOCKS_MAX);
  }

  /** Bytes of the disk. */
  get size(): number {
    return this.footer.size;
  }

  /** Fills `target` with the disk's bytes from `position`, which lie in the disk. */
  read(target: Uint8Array, position: number): void {
    if (this.#dynamic === undefined) this.#input.read(target, position);
    else this.#readDynamic(this.#dynamic, target, position);
  }

  #readDynamic({ blockSize, table }: DynamicDisk, target: Uint8Array, position: number): void {
    for (let done = 0; done < target.length;) {
      const block = Math.floor((position + done) / blockSize);
      const offset = position + done - block * blockSize;
      const part = target.subarray(done, done + blockSize - offset);
      const sector = table[block] ?? NO_BLOCK;
      if (sector === NO_BLOCK) part.fill(0);
      else this.#input.read(part, sector * SECTOR_SIZE + sectorBitmapSize(blockSize) + offset);
      done += part.length;
    }
  }
}

interface DynamicDisk {
  blockSize: number;
  /** Position of each block in the file, in sectors. */
  table: Uint32Array;
}

function openDynamic(input: ByteSource, size: number, headerOffset: number): DynamicDisk {
  const header = parseDynamicHeader(readBytes(input, headerOffset, DYNAMIC_HEADER_SIZE));
  const { blockSize } = header;
  const blocks = Math.ceil(size / blockSize);
  if (header.tableEntries < blocks) throw fault("its table of blocks does not cover the disk");
  if (blocks > BLOCKS_MAX) throw fault(`its disk of ${size} bytes has ${blocks} blocks, too many to be read`);
  const table = readTable(input, header.tableOffset, blocks);
  const blockBytes = sectorBitmapSize(blockSize) + blockSize;
  for (const sector of table) {
    if (sector === NO_BLOCK || sector * SECTOR_SIZE + blockBytes <= input.size) continue;
    throw fault(`a block at byte ${sector * SECTOR_SIZE} lies behind the end of the file`);
  }
  return { blockSize, table };
}

function readTable(input: ByteSource, position: number, blocks: number): Uint32Array {
  const bytes = readBytes(input, position, blocks * 4);
  const table = new Uint32Array(blocks);
  for (let block = 0; block < blocks; block++) table[block] = bytes.readUInt32BE(4 * block);
  return table;
}

function fault(what: string): FormatError {
  return new FormatError(`Cannot read the VHD: ${what}`);
}
