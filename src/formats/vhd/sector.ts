import { roundUp } from "../../base/round-up.ts";

/** Bytes of a disk's sector. */
export const SECTOR_SIZE = 512;

/** The next multiple of a sector. */
export function roundUpToSectors(bytes: number): number {
  return roundUp(bytes, SECTOR_SIZE);
}
