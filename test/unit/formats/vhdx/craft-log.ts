// Writes log entries as a program leaves them that was killed before they reached their places.
import { sealChecksum } from "../../../../src/formats/vhdx/checksum.ts";
import { encodeGuid } from "../../../../src/formats/vhdx/guid.ts";
import { encodeHeader, HEADER_POSITIONS, readCurrentHeader } from "../../../../src/formats/vhdx/header.ts";
import type { MemoryFile } from "../../../support/memory-file.ts";

export const LOG_GUID = "11111111-2222-3333-4444-555555555555";
export const LOG_OFFSET = 2 ** 20;
const SECTOR = 4096;

/** A change: a whole sector of bytes, or a number of zeros. */
export interface CraftedChange {
  position: number;
  contents: Buffer | number;
}

export interface CraftedEntry {
  sequence: bigint;
  /** Where the oldest entry begins that is needed, in bytes from the log's start. */
  tail: number;
  changes: readonly CraftedChange[];
  guid?: string;
  flushedSize?: number;
  lastSize?: number;
}

/** Encodes an entry for a file of `fileSize` bytes. */
export function encodeEntry(entry: CraftedEntry, fileSize: number): Buffer {
  const data = entry.changes.filter(({ contents }) => typeof contents !== "number");
  const head = Buffer.alloc(Math.ceil((64 + 32 * entry.changes.length) / SECTOR) * SECTOR);
  head.write("loge");
  head.writeUInt32LE(head.length + data.length * SECTOR, 8);
  head.writeUInt32LE(entry.tail, 12);
  head.writeBigUInt64LE(entry.sequence, 16);
  head.writeUInt32LE(entry.changes.length, 24);
  head.set(encodeGuid(entry.guid ?? LOG_GUID), 32);
  head.writeBigUInt64LE(BigInt(entry.flushedSize ?? fileSize), 48);
  head.writeBigUInt64LE(BigInt(entry.lastSize ?? fileSize), 56);
  const sectors: Buffer[] = [];
  for (const [index, { position, contents }] of entry.changes.entries()) {
    const at = 64 + 32 * index;
    head.write(typeof contents === "number" ? "zero" : "desc", at);
    head.writeBigUInt64LE(BigInt(position), at + 16);
    head.writeBigUInt64LE(entry.sequence, at + 24);
    if (typeof contents === "number") {
      head.writeBigUInt64LE(BigInt(contents), at + 8);
      continue;
    }
    contents.copy(head, at + 4, SECTOR - 4, SECTOR);
    contents.copy(head, at + 8, 0, 8);
    const sector = Buffer.from(contents);
    sector.write("data", 0);
    sector.writeUInt32LE(Number(entry.sequence >> 32n), 4);
    sector.writeUInt32LE(Number(entry.sequence & 0xffffffffn), SECTOR - 4);
    sectors.push(sector);
  }
  return sealChecksum(Buffer.concat([head, ...sectors]));
}

/** Puts bytes into the log, which has 1 MiB and goes on at its front, and lets the header say that they count. */
export function putLog(file: MemoryFile, bytes: Buffer, offset = 0, guid = LOG_GUID): void {
  const fitting = Math.min(bytes.length, 2 ** 20 - offset);
  file.write([bytes.subarray(0, fitting)], LOG_OFFSET + offset);
  file.write([bytes.subarray(fitting)], LOG_OFFSET);
  const { header, slot } = readCurrentHeader(file);
  const dirty = encodeHeader({ ...header, sequence: header.sequence + 1n, logGuid: guid });
  file.write([dirty], HEADER_POSITIONS[slot === 0 ? 1 : 0]);
}
