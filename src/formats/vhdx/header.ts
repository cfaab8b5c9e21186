import { readBytes, type ByteSource } from "../byte-io.ts";
import { hasValidChecksum, sealChecksum } from "./checksum.ts";
import { encodeGuid, formatGuid, GUID_SIZE, NO_GUID } from "./guid.ts";
import { MIB, readUInt64, vhdxFault } from "./numbers.ts";

/** Bytes of a header. */
export const HEADER_SIZE = 4096;
/** Where the two headers lie in the file, in bytes; the one with the higher sequence number counts. */
export const HEADER_POSITIONS = [64 * 1024, 128 * 1024] as const;

/**
 * Offsets in a header, in bytes; all numbers have their lowest byte first.
 *
 * @see https://learn.microsoft.com/openspecs/windows_protocols/ms-vhdx (2.2.2)
 */
export const HEADER = {
  signature: 0,
  checksum: 4,
  sequence: 8,
  fileWriteGuid: 16,
  dataWriteGuid: 32,
  logGuid: 48,
  logVersion: 64,
  version: 66,
  logLength: 68,
  logOffset: 72,
} as const;

const SIGNATURE = "head";
const VERSION = 1;
const IDENTIFIER = "vhdxfile";
/** Bytes of the identifier's text that says by which program the file was made. */
const CREATOR_SIZE = 512;

/** What a header says. */
export interface VhdxHeader {
  sequence: bigint;
  /** Changes when the file is opened for writing. */
  fileWriteGuid: string;
  /** Changes when the contents of the disk may have changed. */
  dataWriteGuid: string;
  /** Tells the entries of the log that count; {@link NO_GUID} if the log is empty. */
  logGuid: string;
  /** Bytes. */
  logLength: number;
  /** Position in the file, in bytes. */
  logOffset: number;
}

/** Whether a file's first bytes are those of a VHDX. */
export function isVhdx(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, IDENTIFIER.length)).toString("latin1") === IDENTIFIER;
}

/** Encodes what a VHDX file begins with. */
export function encodeIdentifier(creator: string): Buffer {
  const bytes = Buffer.alloc(IDENTIFIER.length + CREATOR_SIZE);
  bytes.write(IDENTIFIER, "latin1");
  bytes.write(creator.slice(0, CREATOR_SIZE / 2 - 1), IDENTIFIER.length, "utf16le");
  return bytes;
}

/** Encodes a header. */
export function encodeHeader(header: VhdxHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE);
  bytes.write(SIGNATURE, HEADER.signature, "latin1");
  bytes.writeBigUInt64LE(BigInt.asUintN(64, header.sequence), HEADER.sequence);
  bytes.set(encodeGuid(header.fileWriteGuid), HEADER.fileWriteGuid);
  bytes.set(encodeGuid(header.dataWriteGuid), HEADER.dataWriteGuid);
  bytes.set(encodeGuid(header.logGuid), HEADER.logGuid);
  bytes.writeUInt16LE(VERSION, HEADER.version);
  bytes.writeUInt32LE(header.logLength, HEADER.logLength);
  bytes.writeBigUInt64LE(BigInt(header.logOffset), HEADER.logOffset);
  return sealChecksum(bytes);
}

/**
 * Reads both headers and chooses the current one.
 *
 * @returns it, and in which of the two places it lies
 * @throws {FormatError} if neither can be used
 */
export function readCurrentHeader(input: ByteSource): { header: VhdxHeader; slot: 0 | 1 } {
  if (!isVhdx(readBytes(input, 0, IDENTIFIER.length))) {
    throw vhdxFault(`it does not begin with "${IDENTIFIER}"`);
  }
  const [first, second] = HEADER_POSITIONS.map((position) => readBytes(input, position, HEADER_SIZE));
  const candidates = [candidate(first, 0), candidate(second, 1)].filter((found) => found !== undefined);
  const [best, other] = candidates.toSorted((a, b) => (a.sequence < b.sequence ? 1 : -1));
  if (best === undefined) throw vhdxFault("both of its headers are damaged");
  if (other?.sequence === best.sequence && !best.bytes.equals(other.bytes)) {
    throw vhdxFault("its two headers differ and have the same sequence number");
  }
  return { header: parseHeader(best.bytes), slot: best.slot };
}

interface Candidate {
  bytes: Buffer;
  slot: 0 | 1;
  sequence: bigint;
}

function candidate(bytes: Buffer | undefined, slot: 0 | 1): Candidate | undefined {
  if (bytes?.toString("latin1", 0, SIGNATURE.length) !== SIGNATURE) return undefined;
  return hasValidChecksum(bytes)
    ? { bytes, slot, sequence: bytes.readBigUInt64LE(HEADER.sequence) }
    : undefined;
}

function parseHeader(bytes: Buffer): VhdxHeader {
  const guidAt = (at: number): string => formatGuid(bytes.subarray(at, at + GUID_SIZE));
  const header = {
    sequence: bytes.readBigUInt64LE(HEADER.sequence),
    fileWriteGuid: guidAt(HEADER.fileWriteGuid),
    dataWriteGuid: guidAt(HEADER.dataWriteGuid),
    logGuid: guidAt(HEADER.logGuid),
    logLength: bytes.readUInt32LE(HEADER.logLength),
    logOffset: readUInt64(bytes, HEADER.logOffset, "log's offset"),
  };
  const version = bytes.readUInt16LE(HEADER.version);
  if (version !== VERSION) throw vhdxFault(`its version is ${version}`);
  const logVersion = bytes.readUInt16LE(HEADER.logVersion);
  if (logVersion !== 0 && header.logGuid !== NO_GUID) throw vhdxFault(`its log has version ${logVersion}`);
  if (header.logLength % MIB !== 0 || header.logOffset % MIB !== 0) {
    throw vhdxFault(`its log of ${header.logLength} bytes at ${header.logOffset} is not aligned`);
  }
  return header;
}
