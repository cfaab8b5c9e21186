/** Bytes of a disk's sector. */
export const SECTOR_SIZE = 512;

/** The next multiple of a sector. */
export function roundUpToSectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR_SIZE) * SECTOR_SIZE;
}
