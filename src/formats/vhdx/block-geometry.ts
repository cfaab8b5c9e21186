import type { VhdxMetadata } from "./metadata.ts";

/** Bytes of an entry of the block allocation table. */
export const ENTRY_SIZE = 8;
/** Sectors that one block of the sector bitmap describes. */
const SECTORS_PER_BITMAP = 2 ** 23;

/** How the blocks of a disk are listed: behind each chunk of them the table has one entry for a bitmap of sectors. */
export interface BlockGeometry {
  blockSize: number;
  /** Blocks of the disk. */
  blocks: number;
  /** Blocks between two entries for bitmaps. */
  chunkRatio: number;
  /** Entries of the table. */
  entries: number;
}

/** Computes how the blocks of a disk are listed. */
export function blockGeometry(
  disk: Pick<VhdxMetadata, "size" | "blockSize" | "logicalSectorSize">,
): BlockGeometry {
  const { size, blockSize, logicalSectorSize } = disk;
  const chunkRatio = (SECTORS_PER_BITMAP * logicalSectorSize) / blockSize;
  const blocks = Math.ceil(size / blockSize);
  return { blockSize, blocks, chunkRatio, entries: entryIndex(blocks - 1, chunkRatio) + 1 };
}

/** Which entry of the table is that of a block. */
export function entryIndex(block: number, chunkRatio: number): number {
  return block + Math.floor(block / chunkRatio);
}
