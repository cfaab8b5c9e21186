import { roundUp } from "../../base/round-up.ts";
import { hasValidChecksum } from "./checksum.ts";
import { formatGuid, GUID_SIZE } from "./guid.ts";

/** The log is divided into sectors of this many bytes; entries and what they change are multiples of it. */
export const LOG_SECTOR_SIZE = 4096;

/**
 * Offsets in the header of a log entry, in bytes; descriptors follow, then sectors of data.
 *
 * @see https://learn.microsoft.com/openspecs/windows_protocols/ms-vhdx (2.3.1)
 */
export const LOG_HEADER = {
  signature: 0,
  checksum: 4,
  length: 8,
  tail: 12,
  sequence: 16,
  descriptorCount: 24,
  logGuid: 32,
  flushedFileSize: 48,
  lastFileSize: 56,
} as const;

/** Bytes of the header. */
export const LOG_HEADER_SIZE = 64;
/** Bytes of a descriptor. */
export const LOG_DESCRIPTOR_SIZE = 32;
/** Offsets in a descriptor, in bytes; `zeroLength` or both `trailing` and `leading`. */
export const LOG_DESCRIPTOR = {
  signature: 0,
  trailing: 4,
  leading: 8,
  zeroLength: 8,
  filePosition: 16,
  sequence: 24,
} as const;
/** Offsets in a sector of data, in bytes; the descriptor holds the bytes whose places the fields take. */
export const LOG_DATA = { signature: 0, sequenceHigh: 4, data: 8, sequenceLow: 4092 } as const;

/** Bytes that the file gets when the log is replayed. */
export interface LogPatch {
  /** Position in the file, in bytes. */
  position: bigint;
  /** Bytes. */
  length: bigint;
  /** Undefined for zeros. */
  bytes: Buffer | undefined;
}

/** A whole and undamaged entry. */
export interface LogEntry {
  /** Bytes that it takes in the log. */
  length: number;
  /** Where in the log the oldest entry begins that is needed with this one, in bytes. */
  tail: number;
  sequence: bigint;
  /** Bytes that the file has had for sure, and has to have. */
  flushedFileSize: bigint;
  lastFileSize: bigint;
  patches: readonly LogPatch[];
}

/** Reads the entry at `start` of the log, which goes on at its front behind its end; undefined if there is none. */
export function parseLogEntry(log: Buffer, start: number, logGuid: string): LogEntry | undefined {
  const length = plausibleLength(log, start, logGuid);
  if (length === undefined) return undefined;
  const tailPart = log.subarray(start, start + length);
  const wrapped = log.subarray(0, length - tailPart.length);
  const bytes = wrapped.length === 0 ? tailPart : Buffer.concat([tailPart, wrapped]);
  if (!hasValidChecksum(bytes)) return undefined;
  return {
    length,
    tail: bytes.readUInt32LE(LOG_HEADER.tail),
    sequence: bytes.readBigUInt64LE(LOG_HEADER.sequence),
    flushedFileSize: bytes.readBigUInt64LE(LOG_HEADER.flushedFileSize),
    lastFileSize: bytes.readBigUInt64LE(LOG_HEADER.lastFileSize),
    patches: readPatches(bytes),
  };
}

/**
 * The length of an entry all of whose sectors begin as they should. Because each kind of sector begins otherwise, the
 * checksum of no byte is computed for more than one entry.
 */
function plausibleLength(log: Buffer, start: number, logGuid: string): number | undefined {
  if (signatureAt(log, start) !== "loge") return undefined;
  const length = log.readUInt32LE(start + LOG_HEADER.length);
  const tail = log.readUInt32LE(start + LOG_HEADER.tail);
  const guid = formatGuid(log.subarray(start + LOG_HEADER.logGuid, start + LOG_HEADER.logGuid + GUID_SIZE));
  if (guid !== logGuid || length === 0 || length > log.length || tail >= log.length) return undefined;
  if (length % LOG_SECTOR_SIZE !== 0 || tail % LOG_SECTOR_SIZE !== 0) return undefined;
  const count = log.readUInt32LE(start + LOG_HEADER.descriptorCount);
  const descriptorEnd = LOG_HEADER_SIZE + count * LOG_DESCRIPTOR_SIZE;
  if (descriptorEnd > length) return undefined;
  const sequence = log.readBigUInt64LE(start + LOG_HEADER.sequence);
  let end = roundUp(descriptorEnd, LOG_SECTOR_SIZE);
  for (let at = LOG_HEADER_SIZE; at < descriptorEnd; at += LOG_DESCRIPTOR_SIZE) {
    const place = (start + at) % log.length;
    const signature = signatureAt(log, place);
    if (signature !== "desc" && signature !== "zero") return undefined;
    if (log.readBigUInt64LE(place + LOG_DESCRIPTOR.sequence) !== sequence) return undefined;
    if (signature === "zero") continue;
    if (!isDataSector(log, (start + end) % log.length, sequence)) return undefined;
    end += LOG_SECTOR_SIZE;
  }
  return end === length ? length : undefined;
}

function isDataSector(log: Buffer, at: number, sequence: bigint): boolean {
  const high = BigInt(log.readUInt32LE(at + LOG_DATA.sequenceHigh));
  const low = BigInt(log.readUInt32LE(at + LOG_DATA.sequenceLow));
  return signatureAt(log, at) === "data" && ((high << 32n) | low) === sequence;
}

function signatureAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at, at + 4);
}

function readPatches(entry: Buffer): LogPatch[] {
  const count = entry.readUInt32LE(LOG_HEADER.descriptorCount);
  const descriptorEnd = LOG_HEADER_SIZE + count * LOG_DESCRIPTOR_SIZE;
  let sector = roundUp(descriptorEnd, LOG_SECTOR_SIZE);
  return Array.from({ length: count }, (_, index) => {
    const at = LOG_HEADER_SIZE + index * LOG_DESCRIPTOR_SIZE;
    const descriptor = entry.subarray(at, at + LOG_DESCRIPTOR_SIZE);
    const position = descriptor.readBigUInt64LE(LOG_DESCRIPTOR.filePosition);
    if (signatureAt(descriptor, 0) === "zero") {
      return { position, length: descriptor.readBigUInt64LE(LOG_DESCRIPTOR.zeroLength), bytes: undefined };
    }
    const bytes = joinData(descriptor, entry.subarray(sector, sector + LOG_SECTOR_SIZE));
    sector += LOG_SECTOR_SIZE;
    return { position, length: BigInt(LOG_SECTOR_SIZE), bytes };
  });
}

function joinData(descriptor: Buffer, sector: Buffer): Buffer {
  return Buffer.concat([
    descriptor.subarray(LOG_DESCRIPTOR.leading, LOG_DESCRIPTOR.leading + LOG_DATA.data),
    sector.subarray(LOG_DATA.data, LOG_DATA.sequenceLow),
    descriptor.subarray(LOG_DESCRIPTOR.trailing, LOG_DESCRIPTOR.trailing + 4),
  ]);
}
