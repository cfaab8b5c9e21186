import { NANOSECONDS_PER_SECOND } from "../file-entry.ts";

/** A time as an inode holds it: two words of 32 bits. */
export interface InodeTime {
  /** Seconds since 1970, lowest 32 bits. */
  seconds: number;
  /** Nanoseconds times 4, plus two more bits of seconds that reach to the year 2446. */
  extra: number;
}

const EPOCH = 2 ** 32;
const EARLIEST = -(2 ** 31);
const LATEST = EARLIEST + 4 * EPOCH - 1;

/**
 * Converts nanoseconds since 1970; times before 1901 and after 2446 become the first or last that exists.
 *
 * @see https://docs.kernel.org/filesystems/ext4/inodes.html#inode-timestamps
 */
export function encodeTime(time: bigint): InodeTime {
  let seconds = Number(time / NANOSECONDS_PER_SECOND);
  let nanoseconds = Number(time % NANOSECONDS_PER_SECOND);
  if (nanoseconds < 0) {
    seconds--;
    nanoseconds += 1_000_000_000;
  }
  if (seconds < EARLIEST) [seconds, nanoseconds] = [EARLIEST, 0];
  if (seconds > LATEST) [seconds, nanoseconds] = [LATEST, 999_999_999];
  const epoch = Math.floor((seconds - EARLIEST) / EPOCH);
  return { seconds: seconds >>> 0, extra: ((nanoseconds << 2) | epoch) >>> 0 };
}

/** Converts a time of an inode to nanoseconds since 1970. */
export function decodeTime({ seconds, extra }: InodeTime): bigint {
  const whole = (seconds | 0) + (extra & 3) * EPOCH;
  return BigInt(whole) * NANOSECONDS_PER_SECOND + BigInt(extra >>> 2);
}
