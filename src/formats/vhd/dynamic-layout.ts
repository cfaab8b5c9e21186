import { roundUpToSectors, SECTOR_SIZE } from "./sector.ts";

/** Entry of the block allocation table of a block that reads as zeros. */
export const NO_BLOCK = 0xffffffff;
/** Bytes of a block unless another size is asked for. */
export const DEFAULT_BLOCK_SIZE = 2 * 1024 * 1024;

/** Bytes of the bitmap of sectors that lies before each block's data. */
export function sectorBitmapSize(blockSize: number): number {
  return roundUpToSectors(blockSize / SECTOR_SIZE / 8);
}
