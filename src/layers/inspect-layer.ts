import { roundUp } from "../base/round-up.ts";
import { formatUuid } from "../base/uuid.ts";
import type { ByteSource } from "../formats/byte-io.ts";
import { READ_ONLY_COMPATIBLE } from "../formats/ext4/constants.ts";
import { featureNames } from "../formats/ext4/reader/features.ts";
import { readSuperblock } from "../formats/ext4/reader/superblock-reader.ts";
import { findSuperblock } from "../formats/ext4/superblock.ts";
import {
  hasVeritySuperblock,
  readVeritySuperblock,
  VERITY_BLOCK_SIZE,
} from "../formats/verity/superblock.ts";

/** What an image is; sizes in bytes. */
export interface LayerSummary {
  /** Bytes of the disk. */
  diskSize: number;
  /** Undefined if the disk has no ext4 file system. */
  fileSystem?: FileSystemSummary;
  /** Undefined if no hash tree lies behind the file system. */
  verity?: VeritySummary;
}

/** What a file system says of itself. */
export interface FileSystemSummary {
  type: "ext4";
  uuid: string;
  label: string;
  /** Names as mke2fs has them. */
  features: string[];
  size: number;
  blockSize: number;
  blocks: number;
  freeBlocks: number;
  inodes: number;
  freeInodes: number;
  inodeSize: number;
  groups: number;
  /** Whether kernels refuse to mount it for writing. */
  isReadOnly: boolean;
  /** Whether it was unmounted and is without known errors. */
  isClean: boolean;
  hasChecksums: boolean;
  /** Seconds since 1970. */
  creationTime: number;
  writeTime: number;
}

/** What a hash tree says of itself. */
export interface VeritySummary {
  uuid: string;
  /** Hexadecimal. */
  salt: string;
  dataBlocks: number;
  /** Where its superblock lies on the disk, in bytes. */
  offset: number;
}

/**
 * Tells what a disk holds by its superblocks alone, even if nothing else of it can be read.
 *
 * @throws {FormatError} if there is a superblock, and it is damaged
 */
export function inspectLayer(source: ByteSource): LayerSummary {
  if (findSuperblock(source) === undefined) return { diskSize: source.size };
  const fileSystem = summarize(source);
  const verity = findVerity(source, verityOffset(fileSystem));
  return { diskSize: source.size, fileSystem, ...(verity === undefined ? {} : { verity }) };
}

function summarize(source: ByteSource): FileSystemSummary {
  const superblock = readSuperblock(source);
  const { blocks, blockSize, features, label, freeBlocks, inodes, freeInodes, inodeSize, groups } =
    superblock;
  const { isClean, hasChecksums, creationTime, writeTime } = superblock;
  return {
    type: "ext4",
    uuid: formatUuid(superblock.uuid),
    label,
    features: featureNames(features),
    size: blocks * blockSize,
    blockSize,
    blocks,
    freeBlocks,
    inodes,
    freeInodes,
    inodeSize,
    groups,
    isReadOnly: (features.readOnlyCompatible & READ_ONLY_COMPATIBLE.readOnly) !== 0,
    isClean,
    hasChecksums,
    creationTime,
    writeTime,
  };
}

/** Where a hash tree behind a file system would begin, in bytes. */
export function verityOffset({ blocks, blockSize }: { blocks: number; blockSize: number }): number {
  return roundUp(blocks * blockSize, VERITY_BLOCK_SIZE);
}

/** @throws {FormatError} if there is a hash tree that is damaged or of an unknown kind */
function findVerity(source: ByteSource, offset: number): VeritySummary | undefined {
  if (!hasVeritySuperblock(source, offset)) return undefined;
  const { uuid, salt, dataBlocks } = readVeritySuperblock(source, offset);
  return { uuid: formatUuid(uuid), salt: Buffer.from(salt).toString("hex"), dataBlocks, offset };
}
