import { FormatError } from "../format-error.ts";
import { vhdChecksum } from "./checksum.ts";
import { vhdGeometry, type DiskGeometry } from "./geometry.ts";
import { SECTOR_SIZE } from "./sector.ts";

/** Bytes of the footer, which ends every VHD file and also begins a dynamic one. */
export const FOOTER_SIZE = 512;
/** Largest disk in bytes. */
export const VHD_SIZE_MAX = 2040 * 2 ** 30;

/**
 * Offsets in the footer, in bytes; all numbers have their highest byte first.
 *
 * @see https://learn.microsoft.com/windows/win32/vstor/about-vhd
 */
export const FOOTER = {
  cookie: 0,
  features: 8,
  version: 12,
  dataOffset: 16,
  timestamp: 24,
  creator: 28,
  creatorVersion: 32,
  creatorSystem: 36,
  originalSize: 40,
  currentSize: 48,
  cylinders: 56,
  heads: 58,
  sectorsPerTrack: 59,
  kind: 60,
  checksum: 64,
  uuid: 68,
  savedState: 84,
} as const;

const COOKIE = "conectix";
const FEATURES_RESERVED = 2;
const VERSION = 0x00010000;
/** Readers trust the exact size instead of the geometry only from creators that they know. */
const CREATOR = "win ";
const CREATOR_VERSION = 0x000a0000;
const CREATOR_SYSTEM = "Wi2k";
const NO_DATA_OFFSET = 0xffffffffffffffffn;
const KINDS = { fixed: 2, dynamic: 3, differencing: 4 } as const;
/** Midnight of 1 January 2000, UTC, in seconds since 1970. */
const EPOCH = 946684800;

/** How the blocks of a disk are found. */
export type VhdKind = keyof typeof KINDS;

/** What tells a disk from others. */
export interface VhdIdentity {
  /** 16 bytes, as a UUID is written. */
  uuid: Uint8Array;
  /** When the disk was made, in seconds since 1970. Default: the format's epoch, 1 January 2000. */
  timestamp?: number;
}

/** What a footer says. */
export interface VhdFooter extends Required<VhdIdentity> {
  kind: VhdKind;
  /** Bytes of the disk. */
  size: number;
  originalSize: number;
  /** Where the dynamic header lies, in bytes; undefined for fixed disks. */
  dataOffset: number | undefined;
  geometry: DiskGeometry;
  /** Four characters. */
  creator: string;
}

/**
 * Encodes the footer of a disk of `size` bytes.
 *
 * @throws {RangeError} if the size is no multiple of 512 or larger than a VHD can be
 */
export function vhdFooter(
  size: number,
  { kind = "fixed", uuid, timestamp = EPOCH }: VhdIdentity & { kind?: Exclude<VhdKind, "differencing"> },
): Buffer {
  requireVhdSize(size);
  const bytes = Buffer.alloc(FOOTER_SIZE);
  bytes.write(COOKIE, FOOTER.cookie, "latin1");
  bytes.writeUInt32BE(FEATURES_RESERVED, FOOTER.features);
  bytes.writeUInt32BE(VERSION, FOOTER.version);
  bytes.writeBigUInt64BE(kind === "fixed" ? NO_DATA_OFFSET : BigInt(FOOTER_SIZE), FOOTER.dataOffset);
  bytes.writeUInt32BE(Math.max(0, timestamp - EPOCH), FOOTER.timestamp);
  bytes.write(CREATOR, FOOTER.creator, "latin1");
  bytes.writeUInt32BE(CREATOR_VERSION, FOOTER.creatorVersion);
  bytes.write(CREATOR_SYSTEM, FOOTER.creatorSystem, "latin1");
  bytes.writeBigUInt64BE(BigInt(size), FOOTER.originalSize);
  bytes.writeBigUInt64BE(BigInt(size), FOOTER.currentSize);
  writeGeometry(bytes, size);
  bytes.writeUInt32BE(KINDS[kind], FOOTER.kind);
  bytes.set(uuid.subarray(0, 16), FOOTER.uuid);
  bytes.writeUInt32BE(vhdChecksum(bytes, FOOTER.checksum), FOOTER.checksum);
  return bytes;
}

/**
 * Changes a footer into that of a disk of `size` bytes. It gets this program's creator, because readers do not trust
 * the size from some others.
 *
 * @throws {RangeError} if the size is no multiple of 512 or larger than a VHD can be
 */
export function resizedVhdFooter(footer: Uint8Array, size: number): Buffer {
  requireVhdSize(size);
  const bytes = Buffer.from(footer);
  bytes.write(CREATOR, FOOTER.creator, "latin1");
  bytes.writeUInt32BE(CREATOR_VERSION, FOOTER.creatorVersion);
  bytes.write(CREATOR_SYSTEM, FOOTER.creatorSystem, "latin1");
  bytes.writeBigUInt64BE(BigInt(size), FOOTER.currentSize);
  writeGeometry(bytes, size);
  bytes.writeUInt32BE(vhdChecksum(bytes, FOOTER.checksum), FOOTER.checksum);
  return bytes;
}

function writeGeometry(bytes: Buffer, size: number): void {
  const { cylinders, heads, sectorsPerTrack } = vhdGeometry(size);
  bytes.writeUInt16BE(cylinders, FOOTER.cylinders);
  bytes.writeUInt8(heads, FOOTER.heads);
  bytes.writeUInt8(sectorsPerTrack, FOOTER.sectorsPerTrack);
}

function requireVhdSize(size: number): void {
  if (Number.isSafeInteger(size) && size >= 0 && size % SECTOR_SIZE === 0 && size <= VHD_SIZE_MAX) return;
  throw new RangeError(`A VHD cannot have ${size} bytes: only multiples of 512 up to ${VHD_SIZE_MAX}`);
}

/** Whether a file's last or first 512 bytes look like a VHD footer, undamaged or not. */
export function isVhdFooter(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, COOKIE.length)).toString("latin1") === COOKIE;
}

/**
 * Decodes and verifies a footer.
 *
 * @throws {FormatError} if it is damaged or of an unknown kind or version
 */
export function parseVhdFooter(footer: Uint8Array): VhdFooter {
  const bytes = Buffer.from(footer.buffer, footer.byteOffset, footer.length);
  const kind = bytes.length < FOOTER_SIZE ? undefined : kindOf(bytes.readUInt32BE(FOOTER.kind));
  const fault = faultOf(bytes);
  if (fault !== undefined || kind === undefined) {
    throw new FormatError(`Cannot read the VHD footer: ${fault ?? "the kind of the disk is unknown"}`);
  }
  return {
    kind,
    size: Number(bytes.readBigUInt64BE(FOOTER.currentSize)),
    originalSize: Number(bytes.readBigUInt64BE(FOOTER.originalSize)),
    dataOffset: kind === "fixed" ? undefined : Number(bytes.readBigUInt64BE(FOOTER.dataOffset)),
    timestamp: bytes.readUInt32BE(FOOTER.timestamp) + EPOCH,
    creator: bytes.toString("latin1", FOOTER.creator, FOOTER.creator + 4),
    geometry: {
      cylinders: bytes.readUInt16BE(FOOTER.cylinders),
      heads: bytes.readUInt8(FOOTER.heads),
      sectorsPerTrack: bytes.readUInt8(FOOTER.sectorsPerTrack),
    },
    uuid: Uint8Array.from(bytes.subarray(FOOTER.uuid, FOOTER.uuid + 16)),
  };
}

function kindOf(value: number): VhdKind | undefined {
  const kinds: readonly VhdKind[] = ["fixed", "dynamic", "differencing"];
  return kinds.find((kind) => KINDS[kind] === value);
}

function faultOf(bytes: Buffer): string | undefined {
  if (bytes.length < FOOTER_SIZE) return `it has ${bytes.length} bytes instead of ${FOOTER_SIZE}`;
  if (!isVhdFooter(bytes)) return `it does not begin with "${COOKIE}"`;
  const expected = vhdChecksum(bytes, FOOTER.checksum);
  const found = bytes.readUInt32BE(FOOTER.checksum);
  if (found !== expected) {
    return `its checksum is 0x${found.toString(16)} instead of 0x${expected.toString(16)}`;
  }
  const version = bytes.readUInt32BE(FOOTER.version);
  if (version >>> 16 !== VERSION >>> 16) return `its version is 0x${version.toString(16)}`;
  const size = bytes.readBigUInt64BE(FOOTER.currentSize);
  if (size > BigInt(VHD_SIZE_MAX) || size % BigInt(SECTOR_SIZE) !== 0n) return `its disk has ${size} bytes`;
  return undefined;
}
