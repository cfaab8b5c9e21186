import { readBytes, type ByteSource } from "../byte-io.ts";
import { FormatError, quoteName } from "../format-error.ts";

/** Bytes of a block, of data and of digests alike; the only size that is written and read. */
export const VERITY_BLOCK_SIZE = 4096;
/** Bytes of a digest of SHA-256, the only algorithm that is written and read. */
export const DIGEST_SIZE = 32;
/** Most bytes of a salt. */
export const SALT_SIZE_MAX = 256;

/**
 * Offsets in the superblock, in bytes; all numbers have their lowest byte first. It lies at the beginning of a block
 * of its own.
 *
 * @see https://gitlab.com/cryptsetup/cryptsetup/-/wikis/DMVerity#verity-superblock-format
 */
export const VERITY_SUPERBLOCK = {
  signature: 0,
  version: 8,
  hashType: 12,
  uuid: 16,
  algorithm: 32,
  dataBlockSize: 64,
  hashBlockSize: 68,
  dataBlocks: 72,
  saltSize: 80,
  salt: 88,
  size: 512,
} as const;

const SIGNATURE = "verity\0\0";
const VERSION = 1;
/** The salt comes before the block that is hashed; in the older type 0 it came behind it. */
const HASH_TYPE = 1;
const ALGORITHM = "sha256";
const ALGORITHM_SIZE = 32;

/** What tells a hash tree from others of the same data. */
export interface VerityIdentity {
  /** Goes into every digest; at most 256 bytes. */
  salt: Uint8Array;
  /** 16 bytes. */
  uuid: Uint8Array;
}

/** What a superblock says. */
export interface VeritySuperblock extends VerityIdentity {
  /** How many blocks of data the tree covers. */
  dataBlocks: number;
}

/** Encodes the block that the superblock begins. */
export function encodeVeritySuperblock({ salt, uuid, dataBlocks }: VeritySuperblock): Buffer {
  const bytes = Buffer.alloc(VERITY_BLOCK_SIZE);
  bytes.write(SIGNATURE, VERITY_SUPERBLOCK.signature, "latin1");
  bytes.writeUInt32LE(VERSION, VERITY_SUPERBLOCK.version);
  bytes.writeUInt32LE(HASH_TYPE, VERITY_SUPERBLOCK.hashType);
  bytes.set(uuid.subarray(0, 16), VERITY_SUPERBLOCK.uuid);
  bytes.write(ALGORITHM, VERITY_SUPERBLOCK.algorithm, "latin1");
  bytes.writeUInt32LE(VERITY_BLOCK_SIZE, VERITY_SUPERBLOCK.dataBlockSize);
  bytes.writeUInt32LE(VERITY_BLOCK_SIZE, VERITY_SUPERBLOCK.hashBlockSize);
  bytes.writeBigUInt64LE(BigInt(dataBlocks), VERITY_SUPERBLOCK.dataBlocks);
  bytes.writeUInt16LE(salt.length, VERITY_SUPERBLOCK.saltSize);
  bytes.set(salt, VERITY_SUPERBLOCK.salt);
  return bytes;
}

/** Whether a superblock seems to begin at `offset`, undamaged or not. */
export function hasVeritySuperblock(source: ByteSource, offset: number): boolean {
  if (offset + VERITY_SUPERBLOCK.size > source.size) return false;
  return readBytes(source, offset, SIGNATURE.length).toString("latin1") === SIGNATURE;
}

/**
 * Reads the superblock at `offset`, where the data before it must all lie.
 *
 * @throws {FormatError} if there is none, or if it tells of a tree that this program does not write
 */
export function readVeritySuperblock(source: ByteSource, offset: number): VeritySuperblock {
  const bytes = readBytes(source, offset, VERITY_SUPERBLOCK.size);
  const fault = faultOf(bytes, offset);
  if (fault !== undefined) {
    throw new FormatError(`Cannot read the verity superblock at byte ${offset}: ${fault}`, { offset });
  }
  const saltEnd = VERITY_SUPERBLOCK.salt + bytes.readUInt16LE(VERITY_SUPERBLOCK.saltSize);
  return {
    uuid: Uint8Array.from(bytes.subarray(VERITY_SUPERBLOCK.uuid, VERITY_SUPERBLOCK.uuid + 16)),
    salt: Uint8Array.from(bytes.subarray(VERITY_SUPERBLOCK.salt, saltEnd)),
    dataBlocks: Number(bytes.readBigUInt64LE(VERITY_SUPERBLOCK.dataBlocks)),
  };
}

function faultOf(bytes: Buffer, offset: number): string | undefined {
  if (bytes.toString("latin1", 0, SIGNATURE.length) !== SIGNATURE)
    return `it does not begin with ${quoteName(SIGNATURE)}`;
  const numbers = [
    ["version", bytes.readUInt32LE(VERITY_SUPERBLOCK.version), VERSION],
    ["hash type", bytes.readUInt32LE(VERITY_SUPERBLOCK.hashType), HASH_TYPE],
    ["data block size", bytes.readUInt32LE(VERITY_SUPERBLOCK.dataBlockSize), VERITY_BLOCK_SIZE],
    ["hash block size", bytes.readUInt32LE(VERITY_SUPERBLOCK.hashBlockSize), VERITY_BLOCK_SIZE],
  ] as const;
  const odd = numbers.find(([, found, known]) => found !== known);
  if (odd !== undefined) return `its ${odd[0]} is ${odd[1]}, only ${odd[2]} is known`;
  const algorithm = textAt(bytes, VERITY_SUPERBLOCK.algorithm, ALGORITHM_SIZE);
  if (algorithm !== ALGORITHM)
    return `its algorithm is ${quoteName(algorithm)}, only ${quoteName(ALGORITHM)} is known`;
  const saltSize = bytes.readUInt16LE(VERITY_SUPERBLOCK.saltSize);
  if (saltSize > SALT_SIZE_MAX) return `its salt has ${saltSize} bytes, at most ${SALT_SIZE_MAX} are allowed`;
  const dataBlocks = bytes.readBigUInt64LE(VERITY_SUPERBLOCK.dataBlocks);
  const most = Math.floor(offset / VERITY_BLOCK_SIZE);
  if (dataBlocks === 0n || dataBlocks > BigInt(most))
    return `it covers ${dataBlocks} blocks of data, there are ${most}`;
  return undefined;
}

function textAt(bytes: Buffer, start: number, size: number): string {
  const end = bytes.indexOf(0, start);
  return bytes.toString("latin1", start, end === -1 ? start + size : Math.min(end, start + size));
}
