import { readBytes, type ByteSource } from "../byte-io.ts";
import { hasValidChecksum, sealChecksum } from "./checksum.ts";
import { encodeGuid, formatGuid, GUID_SIZE } from "./guid.ts";
import { MIB, readUInt64, vhdxFault } from "./numbers.ts";

/** Bytes of a region table. */
export const REGION_TABLE_SIZE = 64 * 1024;
/** Where the region table and its copy lie in the file, in bytes. */
export const REGION_TABLE_POSITIONS = [192 * 1024, 256 * 1024] as const;

/** Which part of the file holds what. @see https://learn.microsoft.com/openspecs/windows_protocols/ms-vhdx (2.2.3) */
const REGION_GUID = {
  allocationTable: "2dc27766-f623-4200-9d64-115e9bfd4a08",
  metadata: "8b7ca206-4790-4b9a-b8fe-575f050f886e",
} as const;

/** Offsets in a region table, in bytes. */
const TABLE = { signature: 0, checksum: 4, entryCount: 8, entries: 16 } as const;
/** Offsets in an entry, in bytes. */
const ENTRY = { guid: 0, offset: 16, length: 24, flags: 28 } as const;
const ENTRY_SIZE = 32;
const ENTRY_COUNT_MAX = 2047;
const SIGNATURE = "regi";
const REQUIRED = 1;

/** A part of the file. */
export interface Region {
  /** Position in the file, in bytes. */
  offset: number;
  /** Bytes. */
  length: number;
}

/** The parts that every VHDX has, and those that a reader may ignore. */
export interface Regions {
  allocationTable: Region;
  metadata: Region;
  others: readonly (Region & { guid: string })[];
}

/** Encodes a region table. */
export function encodeRegionTable({ allocationTable, metadata, others }: Regions): Buffer {
  const bytes = Buffer.alloc(REGION_TABLE_SIZE);
  const entries = [
    { ...allocationTable, guid: REGION_GUID.allocationTable, flags: REQUIRED },
    { ...metadata, guid: REGION_GUID.metadata, flags: REQUIRED },
    ...others.map((region) => ({ ...region, flags: 0 })),
  ];
  bytes.write(SIGNATURE, TABLE.signature, "latin1");
  bytes.writeUInt32LE(entries.length, TABLE.entryCount);
  for (const [index, { guid, offset, length, flags }] of entries.entries()) {
    const at = TABLE.entries + index * ENTRY_SIZE;
    bytes.set(encodeGuid(guid), at + ENTRY.guid);
    bytes.writeBigUInt64LE(BigInt(offset), at + ENTRY.offset);
    bytes.writeUInt32LE(length, at + ENTRY.length);
    bytes.writeUInt32LE(flags, at + ENTRY.flags);
  }
  return sealChecksum(bytes);
}

/**
 * Reads the region table, or its copy if it is damaged.
 *
 * @throws {FormatError} if neither can be used or a region is missing, doubled or unknown and needed
 */
export function readRegions(input: ByteSource): Regions {
  const tables = REGION_TABLE_POSITIONS.map((position) => readBytes(input, position, REGION_TABLE_SIZE));
  const table = tables.find(
    (bytes) => bytes.toString("latin1", 0, SIGNATURE.length) === SIGNATURE && hasValidChecksum(bytes),
  );
  if (table === undefined) throw vhdxFault("both of its region tables are damaged");
  const regions = parseTable(table);
  const allocationTable = regions.get(REGION_GUID.allocationTable);
  const metadata = regions.get(REGION_GUID.metadata);
  if (allocationTable === undefined) throw vhdxFault("it has no block allocation table");
  if (metadata === undefined) throw vhdxFault("it has no metadata");
  const others = [...regions]
    .filter(([guid]) => !isKnown(guid))
    .map(([guid, { offset, length }]) => ({ guid, offset, length }));
  return { allocationTable, metadata, others };
}

function isKnown(guid: string): boolean {
  return guid === REGION_GUID.allocationTable || guid === REGION_GUID.metadata;
}

function parseTable(bytes: Buffer): Map<string, Region> {
  const count = bytes.readUInt32LE(TABLE.entryCount);
  if (count > ENTRY_COUNT_MAX) throw vhdxFault(`its region table has ${count} entries`);
  const regions = new Map<string, Region>();
  for (let index = 0; index < count; index++) {
    const at = TABLE.entries + index * ENTRY_SIZE;
    const guid = formatGuid(bytes.subarray(at, at + GUID_SIZE));
    const isRequired = (bytes.readUInt32LE(at + ENTRY.flags) & REQUIRED) !== 0;
    if (isRequired && !isKnown(guid)) throw vhdxFault(`it needs the region ${guid}, which is unknown`);
    if (regions.has(guid)) throw vhdxFault(`its region ${guid} occurs twice`);
    const offset = readUInt64(bytes, at + ENTRY.offset, "region's offset");
    const length = bytes.readUInt32LE(at + ENTRY.length);
    if (offset % MIB !== 0 || length % MIB !== 0 || length === 0) {
      throw vhdxFault(`its region ${guid} of ${length} bytes at ${offset} is not aligned`);
    }
    regions.set(guid, { offset, length });
  }
  return regions;
}
