import type { ByteSink } from "../formats/byte-io.ts";
import type { ImageSummary } from "../formats/ext4/finish-image.ts";
import { Ext4Writer } from "../formats/ext4/writer.ts";
import { NANOSECONDS_PER_SECOND } from "../formats/file-entry.ts";

/** One inode for so many bytes, as mkfs.ext4 has it. */
const BYTES_PER_INODE = 16 * 1024;

/** A file system to make. */
export interface EmptyFileSystem {
  /** Bytes that it takes. */
  size: number;
  /** Bytes to which it can be grown without anything in it being moved; it cannot if absent. */
  maximumSize?: number;
  /** 16 bytes. */
  uuid: Uint8Array;
}

/**
 * Writes an ext4 file system without files, for writing. It has no journal and keeps no blocks for the superuser.
 *
 * @throws {FormatError} if it has no room for itself
 */
export function writeEmptyFileSystem(
  output: ByteSink,
  { size, maximumSize, uuid }: EmptyFileSystem,
): ImageSummary {
  const timestamp = Math.floor(Date.now() / 1000);
  const image = new Ext4Writer(output, {
    size,
    inodes: Math.floor(size / BYTES_PER_INODE),
    maximumSize: maximumSize ?? size,
    isWritable: true,
    isGrowable: maximumSize !== undefined,
    uuid,
    timestamp,
  });
  const mtime = BigInt(timestamp) * NANOSECONDS_PER_SECOND;
  image.entry({ path: "", type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, mtime });
  return image.finish();
}
