import { readBytes, type ByteSource } from "../byte-io.ts";
import { encodeGuid, formatGuid, GUID_SIZE } from "./guid.ts";
import { MIB, readUInt64, vhdxFault, VHDX_SIZE_MAX } from "./numbers.ts";
import type { Region } from "./region-table.ts";

/** Bytes of the table that lists the metadata; the values lie behind it. */
const TABLE_SIZE = 64 * 1024;
const SIGNATURE = "metadata";
const ENTRY_COUNT_MAX = 2047;
const ENTRY_SIZE = 32;
/** Offsets in the table, in bytes. */
const TABLE = { entryCount: 10, entries: 32 } as const;
/** Offsets in an entry, in bytes. */
const ENTRY = { guid: 0, offset: 16, length: 20, flags: 24 } as const;
const FLAG = { isVirtualDisk: 2, isRequired: 4 } as const;
const PARAMETER_FLAG = { leaveBlocksAllocated: 1, hasParent: 2 } as const;

/**
 * What is told of a disk: how it is named, how many bytes the value has, whether it is of the disk or the file.
 *
 * @see https://learn.microsoft.com/openspecs/windows_protocols/ms-vhdx (2.6.2)
 */
const ITEM = {
  fileParameters: { guid: "caa16737-fa36-4d43-b3b6-33f0aa44e76b", length: 8, flags: FLAG.isRequired },
  diskSize: {
    guid: "2fa54224-cd1b-4876-b211-5dbed83bf4b8",
    length: 8,
    flags: FLAG.isVirtualDisk | FLAG.isRequired,
  },
  diskId: {
    guid: "beca12ab-b2e6-4523-93ef-c309e000c746",
    length: GUID_SIZE,
    flags: FLAG.isVirtualDisk | FLAG.isRequired,
  },
  logicalSector: {
    guid: "8141bf1d-a96f-4709-ba47-f233a8faab5f",
    length: 4,
    flags: FLAG.isVirtualDisk | FLAG.isRequired,
  },
  physicalSector: {
    guid: "cda348c7-445d-4471-9cc9-e9885251c556",
    length: 4,
    flags: FLAG.isVirtualDisk | FLAG.isRequired,
  },
} as const;

type ItemName = keyof typeof ITEM;

const ITEM_NAMES = ["fileParameters", "diskSize", "diskId", "logicalSector", "physicalSector"] as const;
const PARENT_LOCATOR = "a8d35f2d-b30b-454d-abf7-d3d84834ab0c";

/** What a VHDX file says of its disk. */
export interface VhdxMetadata {
  /** Bytes of the disk. */
  size: number;
  /** Bytes of a block: a power of two from 1 MiB to 256 MiB. */
  blockSize: number;
  /** Whether the blocks were all made at once and shall stay. */
  isFixed: boolean;
  /** What tells the disk from others. */
  diskId: string;
  /** Bytes: 512 or 4096. */
  logicalSectorSize: number;
  physicalSectorSize: number;
}

/** Metadata and where in the file two of them can be changed, in bytes. */
export interface PlacedMetadata extends VhdxMetadata {
  sizePosition: number;
  diskIdPosition: number;
}

/** Encodes the metadata region, without the zeros at its end. */
export function encodeMetadata(metadata: VhdxMetadata): Buffer {
  const values = valuesOf(metadata);
  const table = Buffer.alloc(TABLE_SIZE);
  table.write(SIGNATURE, "latin1");
  table.writeUInt16LE(ITEM_NAMES.length, TABLE.entryCount);
  let offset = TABLE_SIZE;
  for (const [index, name] of ITEM_NAMES.entries()) {
    const at = TABLE.entries + index * ENTRY_SIZE;
    table.set(encodeGuid(ITEM[name].guid), at + ENTRY.guid);
    table.writeUInt32LE(offset, at + ENTRY.offset);
    table.writeUInt32LE(ITEM[name].length, at + ENTRY.length);
    table.writeUInt32LE(ITEM[name].flags, at + ENTRY.flags);
    offset += ITEM[name].length;
  }
  return Buffer.concat([table, ...ITEM_NAMES.map((name) => values[name])]);
}

function valuesOf(metadata: VhdxMetadata): Record<ItemName, Buffer> {
  const parameters = Buffer.alloc(8);
  parameters.writeUInt32LE(metadata.blockSize, 0);
  parameters.writeUInt32LE(metadata.isFixed ? PARAMETER_FLAG.leaveBlocksAllocated : 0, 4);
  return {
    fileParameters: parameters,
    diskSize: encodeDiskSize(metadata.size),
    diskId: encodeGuid(metadata.diskId),
    logicalSector: encodeUInt32(metadata.logicalSectorSize),
    physicalSector: encodeUInt32(metadata.physicalSectorSize),
  };
}

/** Encodes the size of a disk as its metadata holds it. */
export function encodeDiskSize(size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(size));
  return bytes;
}

function encodeUInt32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/**
 * Reads and verifies the metadata.
 *
 * @throws {FormatError} if they are damaged, incomplete, or those of a disk that needs another file
 */
export function readMetadata(input: ByteSource, region: Region): PlacedMetadata {
  const positions = readItemPositions(input, region);
  const value = (name: ItemName): Buffer => readBytes(input, positions[name], ITEM[name].length);
  const parameters = value("fileParameters");
  const flags = parameters.readUInt32LE(4);
  if ((flags & PARAMETER_FLAG.hasParent) !== 0) throw differencing();
  const metadata = {
    size: readUInt64(value("diskSize"), 0, "disk's size"),
    blockSize: parameters.readUInt32LE(0),
    isFixed: (flags & PARAMETER_FLAG.leaveBlocksAllocated) !== 0,
    diskId: formatGuid(value("diskId")),
    logicalSectorSize: value("logicalSector").readUInt32LE(0),
    physicalSectorSize: value("physicalSector").readUInt32LE(0),
  };
  requireSound(metadata);
  return { ...metadata, sizePosition: positions.diskSize, diskIdPosition: positions.diskId };
}

function differencing(): Error {
  return vhdxFault(
    "it is a differencing disk, whose parent is not read",
    "Merge it with its parent, or convert it: qemu-img convert -O vhdx FILE NEW-FILE",
  );
}

function requireSound({ size, blockSize, logicalSectorSize, physicalSectorSize }: VhdxMetadata): void {
  const isPowerOfTwo = (blockSize & (blockSize - 1)) === 0;
  if (!isPowerOfTwo || blockSize < MIB || blockSize > 256 * MIB) {
    throw vhdxFault(`its blocks have ${blockSize} bytes`);
  }
  for (const sector of [logicalSectorSize, physicalSectorSize]) {
    if (sector !== 512 && sector !== 4096) throw vhdxFault(`its sectors have ${sector} bytes`);
  }
  if (size > VHDX_SIZE_MAX || size % logicalSectorSize !== 0 || size === 0) {
    throw vhdxFault(`its disk has ${size} bytes`);
  }
}

function readItemPositions(input: ByteSource, region: Region): Record<ItemName, number> {
  const table = readBytes(input, region.offset, TABLE_SIZE);
  if (table.toString("latin1", 0, SIGNATURE.length) !== SIGNATURE) {
    throw vhdxFault(`its metadata do not begin with "${SIGNATURE}"`);
  }
  const count = table.readUInt16LE(TABLE.entryCount);
  if (count > ENTRY_COUNT_MAX) throw vhdxFault(`its metadata have ${count} entries`);
  const found = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    const at = TABLE.entries + index * ENTRY_SIZE;
    const entry = parseEntry(table.subarray(at, at + ENTRY_SIZE), region);
    if (found.has(entry.guid)) throw vhdxFault(`its metadata name ${entry.guid} twice`);
    found.set(entry.guid, entry.position);
  }
  const position = (name: ItemName): number => {
    const known = found.get(ITEM[name].guid);
    if (known === undefined) throw vhdxFault(`its metadata lack ${ITEM[name].guid}`);
    return known;
  };
  return {
    fileParameters: position("fileParameters"),
    diskSize: position("diskSize"),
    diskId: position("diskId"),
    logicalSector: position("logicalSector"),
    physicalSector: position("physicalSector"),
  };
}

function parseEntry(entry: Buffer, region: Region): { guid: string; position: number } {
  const guid = formatGuid(entry.subarray(0, GUID_SIZE));
  const offset = entry.readUInt32LE(ENTRY.offset);
  const length = entry.readUInt32LE(ENTRY.length);
  if (guid === PARENT_LOCATOR) throw differencing();
  const item = ITEM_NAMES.map((name) => ITEM[name]).find((known) => known.guid === guid);
  const isRequired = (entry.readUInt32LE(ENTRY.flags) & FLAG.isRequired) !== 0;
  if (item === undefined && isRequired) throw vhdxFault(`it needs the metadata ${guid}, which are unknown`);
  const isInside = offset >= TABLE_SIZE && offset + length <= region.length;
  if ((item !== undefined && length !== item.length) || (!isInside && length > 0)) {
    throw vhdxFault(`its metadata ${guid} have ${length} bytes at ${offset}`);
  }
  return { guid, position: region.offset + offset };
}
