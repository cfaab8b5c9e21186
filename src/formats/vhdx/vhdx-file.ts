import type { ByteSource } from "../byte-io.ts";
import { AllocationTable } from "./allocation-table.ts";
import { blockGeometry, ENTRY_SIZE } from "./block-geometry.ts";
import { readCurrentHeader, type VhdxHeader } from "./header.ts";
import { readLog, type PendingChanges } from "./log.ts";
import { readMetadata, type PlacedMetadata } from "./metadata.ts";
import { MIB, vhdxFault, VHDX_SIZE_MAX } from "./numbers.ts";
import { OccupiedMap } from "./occupied-map.ts";
import { readRegions, type Regions } from "./region-table.ts";
import { ReplayedSource } from "./replayed-source.ts";

/** Bytes at the front of the file that hold headers and region tables. */
export const FRONT_SIZE = MIB;
/** A full disk and all that describes it. */
const FILE_SIZE_MAX = VHDX_SIZE_MAX + VHDX_SIZE_MAX / 4;

/** All that a VHDX file says of itself, verified. */
export interface VhdxFile {
  header: VhdxHeader;
  /** In which of the two places the header lies. */
  slot: 0 | 1;
  /** What has to be written into the file before it is changed. */
  pending: PendingChanges | undefined;
  regions: Regions;
  metadata: PlacedMetadata;
  /** The file, its log replayed. */
  source: ByteSource;
  table: AllocationTable;
}

/**
 * Reads and verifies everything but the disk's contents.
 *
 * @throws {FormatError} if the file is no VHDX, is damaged, or needs another file
 */
export function openVhdx(input: ByteSource): VhdxFile {
  const { header, slot } = readCurrentHeader(input);
  const pending = readLog(input, header);
  const source = pending === undefined ? input : new ReplayedSource(input, pending);
  if (source.size > FILE_SIZE_MAX) throw vhdxFault(`the file has ${source.size} bytes`);
  const regions = readRegions(source);
  const occupied = new OccupiedMap(source.size);
  occupied.claim(0, FRONT_SIZE, "front");
  if (header.logLength > 0) occupied.claim(header.logOffset, header.logLength, "log");
  occupied.claim(regions.metadata.offset, regions.metadata.length, "metadata region");
  const { offset, length } = regions.allocationTable;
  occupied.claim(offset, length, "block allocation table");
  for (const other of regions.others) occupied.claim(other.offset, other.length, "region");
  const metadata = readMetadata(source, regions.metadata);
  const geometry = blockGeometry(metadata);
  if (geometry.entries * ENTRY_SIZE > length) {
    throw vhdxFault(`its table of ${length} bytes does not cover the disk's ${metadata.size} bytes`);
  }
  const table = new AllocationTable(source, offset, geometry);
  table.scan((position) => occupied.claim(position, metadata.blockSize, "block"));
  return { header, slot, pending, regions, metadata, source, table };
}
