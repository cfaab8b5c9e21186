/** The unit of times of files, in a second. */
export const NANOSECONDS_PER_SECOND = 1_000_000_000n;

/**
 * One file of a layer, as tar streams and disk images both describe it.
 *
 * Names are byte strings: each character stands for one byte (latin1), because a Linux name is any bytes but NUL
 * and the slash. Texts that are known to be UTF-8 are converted where they enter and leave.
 */
export interface FileEntry {
  /** Path below the root of the layer, without leading and trailing slash and without `.` and `..`; "" is the root. */
  path: string;
  type: "file" | "directory" | "symlink" | "hardlink" | "character" | "block" | "fifo" | "socket";
  /** Permission bits, set-user-id, set-group-id and sticky: at most 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of content; 0 for everything but files. */
  size: number;
  /** Nanoseconds since 1970, before it if negative. */
  mtime: bigint;
  atime?: bigint;
  ctime?: bigint;
  /** Target of a symlink as it is, or path of the file that a hardlink is another name of. */
  linkTarget?: string;
  /** Device number of character and block devices. */
  device?: { major: number; minor: number };
  /** Extended attributes by full name (`user.x`, `security.capability`), values as bytes. */
  xattrs?: ReadonlyMap<string, Uint8Array>;
}
