import { createHash } from "node:crypto";
import { deriveUuid } from "../derive-uuid.ts";
import { NANOSECONDS_PER_SECOND } from "../file-entry.ts";
import { FormatError } from "../format-error.ts";
import { BLOCK_SIZE } from "./constants.ts";
import type { ContentStore } from "./content-store.ts";
import { DirectoryWriter, type DirectoryOptions } from "./directory-writer.ts";
import type { EntryStore } from "./entry-store.ts";
import { naming } from "./entry-check.ts";
import { pathOf } from "./image-tree.ts";
import { writeGroups } from "./group-writer.ts";
import { GROUP_DESCRIPTOR_SIZE } from "./group-descriptor.ts";
import { descriptorBlocks, descriptorCapacity, planGroups, type GroupLayout } from "./layout.ts";
import {
  encodeReservations,
  RESERVED_DESCRIPTOR_BLOCKS_MAX,
  RESIZE_INODE,
  writeResizeInode,
  type ReservedDescriptors,
} from "./resize-inode.ts";
import { encodeSuperblock, LABEL_SIZE, SUPERBLOCK_POSITION } from "./superblock.ts";

/** What tells an image from others, beside what it holds. */
export interface ImageIdentity {
  /** 16 bytes. Default: derived from the names and attributes of all files. */
  uuid?: Uint8Array;
  /** At most 16 bytes of UTF-8. Default: none. */
  label?: string;
  /** When the image was made, in seconds since 1970. Default: 0. */
  timestamp?: number;
  /** Whether kernels may mount the image for writing. Default: no. */
  isWritable?: boolean;
  /** Whether contents of at most 128 bytes and small directories lie in their inodes. Default: no. */
  inlineData?: boolean;
  /** Whether the blocks for the descriptors of the maximum size stay reserved, so that the image can be grown to it. */
  isGrowable?: boolean;
}

/** What has been written. */
export interface ImageSummary {
  /** Bytes of the image. */
  size: number;
  /** 16 bytes. */
  uuid: Uint8Array;
  /** Counts. */
  blocks: number;
  freeBlocks: number;
  inodes: number;
  freeInodes: number;
}

/** How much an image has to hold at least, and may at most. */
export interface ImageRoom {
  blocks: number;
  inodes: number;
  maximumBlocks: number;
}

/** Goes into the hashes of names; fixed, so that the same input gives the same image. */
const HASH_SEED: readonly number[] = [0x72756e68, 0x63730000, 0x6c617965, 0x72730001];

/**
 * Writes directories, inodes, bitmaps, group descriptors and the superblock.
 *
 * @throws {FormatError} if the image would exceed its maximum size
 */
export function finishImage(
  image: { content: ContentStore; entries: EntryStore },
  room: ImageRoom,
  identity: ImageIdentity,
): ImageSummary {
  const { content, entries } = image;
  const { inodes } = entries;
  const { inlineData = false } = identity;
  const derivedUuid = writeDirectories(image, { seed: HASH_SEED, inlineData });
  const listBlock = identity.isGrowable === true ? content.blocks.take(1).start : undefined;
  const layout = planLayout({ contents: content.blocks.end, inodes: inodes.last }, room);
  const reserved = reservedDescriptors(layout, room.maximumBlocks);
  if (listBlock !== undefined) reserve(image, reserved, { listBlock, mtime: mtimeOf(identity) });
  const keptEnd = 1 + reserved.used + (listBlock === undefined ? 0 : reserved.count);
  const spare = { start: keptEnd, count: 1 + descriptorBlocks(room.maximumBlocks) - keptEnd };
  const counts = writeGroups({ content, inodes, layout, spare });
  const uuid = identity.uuid ?? derivedUuid;
  const superblock = encodeSuperblock({
    ...layout,
    ...counts,
    inodes: layout.groups * layout.inodesPerGroup,
    uuid,
    label: Buffer.from(identity.label ?? "", "utf8").subarray(0, LABEL_SIZE),
    hashSeed: HASH_SEED,
    timestamp: identity.timestamp ?? 0,
    isReadOnly: identity.isWritable !== true,
    hasInlineData: inlineData,
    reservedDescriptorBlocks: listBlock === undefined ? undefined : reserved.count,
  });
  content.writeAt(0, Buffer.concat([Buffer.alloc(SUPERBLOCK_POSITION), superblock]));
  content.flush();
  const size = layout.blocks * BLOCK_SIZE;
  return { size, uuid, blocks: layout.blocks, inodes: layout.groups * layout.inodesPerGroup, ...counts };
}

function planLayout(used: { contents: number; inodes: number }, room: ImageRoom): GroupLayout {
  const inodes = Math.max(used.inodes, room.inodes);
  const layout = planGroups({ contents: used.contents, inodes, blocks: room.blocks });
  if (layout.blocks > room.maximumBlocks || layout.groups > descriptorCapacity(room.maximumBlocks)) {
    throw new FormatError("Cannot complete the image: it would exceed its maximum size");
  }
  return layout;
}

/** Of the blocks set aside for group descriptors, those in use and the others. */
function reservedDescriptors({ groups }: GroupLayout, maximumBlocks: number): ReservedDescriptors {
  const used = Math.ceil((groups * GROUP_DESCRIPTOR_SIZE) / BLOCK_SIZE);
  const count = Math.min(descriptorBlocks(maximumBlocks) - used, RESERVED_DESCRIPTOR_BLOCKS_MAX);
  return { used, count };
}

function reserve(
  { content, entries }: { content: ContentStore; entries: EntryStore },
  reserved: ReservedDescriptors,
  { listBlock, mtime }: { listBlock: number; mtime: bigint },
): void {
  content.writeAt(listBlock, encodeReservations(reserved));
  const inode = entries.inodes.at(RESIZE_INODE);
  writeResizeInode(inode, { listBlock, count: reserved.count, mtime });
}

function mtimeOf({ timestamp = 0 }: ImageIdentity): bigint {
  return BigInt(timestamp) * NANOSECONDS_PER_SECOND;
}

/** Writes all directories; returns a UUID that depends on the names and attributes of all files. */
function writeDirectories(
  { content, entries }: { content: ContentStore; entries: EntryStore },
  options: DirectoryOptions,
): Uint8Array {
  const { inodes, tree } = entries;
  const digest = createHash("sha256");
  const writer = new DirectoryWriter({ content, inodes }, options, (block) => digest.update(block));
  for (const directory of tree.directories) {
    try {
      writer.write(directory);
    } catch (error) {
      throw naming(pathOf(directory), error);
    }
  }
  for (const piece of inodes.pieces()) digest.update(piece);
  return deriveUuid(digest.digest());
}
