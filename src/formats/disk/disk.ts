import type { ByteSink, ByteSource } from "../byte-io.ts";

/** What of a virtual disk's file tells how it is to be read. */
export type DiskFormat = "raw" | "vhd-fixed" | "vhd-dynamic" | "vhdx";

/** A virtual disk that is read and changed in place. */
export interface Disk extends ByteSource, ByteSink {
  readonly format: DiskFormat;
  /** Bytes that the disk can have at most. */
  readonly largestSize: number;
  /**
   * Makes the disk larger; the new bytes are zeros. At any moment the file holds a whole disk, of the old size or of
   * the new one.
   *
   * @param size bytes, a multiple of 4096, not less than there are and not more than `largestSize`
   */
  grow(size: number): void;
  /** Brings everything written to the storage device, so that what is written later cannot get there before it. */
  flush(): void;
}
