import { SECTOR_SIZE } from "./sector.ts";

/** A disk as old firmware counts it. */
export interface DiskGeometry {
  cylinders: number;
  heads: number;
  sectorsPerTrack: number;
}

const MOST_SECTORS = 65535 * 16 * 255;
const SECTORS_OF_FULL_TRACKS = 65535 * 16 * 63;

/**
 * Computes the geometry of a disk of `size` bytes; it covers at most the size.
 *
 * @see https://learn.microsoft.com/windows/win32/vstor/about-vhd (appendix: CHS calculation)
 */
export function vhdGeometry(size: number): DiskGeometry {
  const sectors = Math.min(Math.floor(size / SECTOR_SIZE), MOST_SECTORS);
  if (sectors >= SECTORS_OF_FULL_TRACKS) return geometry(sectors, 255, 16);
  const tracks = Math.floor(sectors / 17);
  const heads = Math.max(4, Math.ceil(tracks / 1024));
  if (tracks < heads * 1024 && heads <= 16) return geometry(sectors, 17, heads);
  const isSmall = Math.floor(sectors / 31) < 16 * 1024;
  return geometry(sectors, isSmall ? 31 : 63, 16);
}

function geometry(sectors: number, sectorsPerTrack: number, heads: number): DiskGeometry {
  const cylinders = Math.floor(Math.floor(sectors / sectorsPerTrack) / heads);
  return { cylinders, heads, sectorsPerTrack };
}
