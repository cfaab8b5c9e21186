import { crc32cRaw } from "../../crc32c.ts";
import type { FileEntry } from "../../file-entry.ts";
import { INCOMPATIBLE, MODE_TYPE, READ_ONLY_COMPATIBLE } from "../constants.ts";
import { INODE, INODE_FLAG } from "../inode.ts";
import { decodeTime } from "../timestamp.ts";
import { checksumText } from "./image-fault.ts";
import type { Superblock } from "./superblock-reader.ts";

/** Bytes of an inode of the first revision; what lies behind them is there as far as `extraSize` tells. */
const CLASSIC_SIZE = 128;
const SECTOR_SIZE = 512;

const TYPES: ReadonlyMap<number, Exclude<FileEntry["type"], "hardlink">> = new Map([
  [MODE_TYPE.file, "file"],
  [MODE_TYPE.directory, "directory"],
  [MODE_TYPE.symlink, "symlink"],
  [MODE_TYPE.character, "character"],
  [MODE_TYPE.block, "block"],
  [MODE_TYPE.fifo, "fifo"],
  [MODE_TYPE.socket, "socket"],
]);

/** One inode of an image, decoded as it is asked. */
export class InodeView {
  readonly number: number;
  /** As long as the image's inodes are; not to be changed. */
  readonly bytes: Buffer;
  readonly #superblock: Superblock;

  constructor(number: number, bytes: Buffer, superblock: Superblock) {
    this.number = number;
    this.bytes = bytes;
    this.#superblock = superblock;
  }

  /** Type and permission bits. */
  get mode(): number {
    return this.bytes.readUInt16LE(INODE.mode);
  }

  /** The type of file; undefined if there is none of this number. */
  get type(): Exclude<FileEntry["type"], "hardlink"> | undefined {
    return TYPES.get(this.mode & MODE_TYPE.mask);
  }

  get uid(): number {
    return this.bytes.readUInt16LE(INODE.uidLow) + this.bytes.readUInt16LE(INODE.uidHigh) * 0x10000;
  }

  get gid(): number {
    return this.bytes.readUInt16LE(INODE.gidLow) + this.bytes.readUInt16LE(INODE.gidHigh) * 0x10000;
  }

  /** How many names it has; 0 if it is not in use. */
  get links(): number {
    return this.bytes.readUInt16LE(INODE.links);
  }

  /** Bytes of contents. Only files, and directories of some images, count in more than 32 bits. */
  get size(): number {
    const low = this.bytes.readUInt32LE(INODE.sizeLow);
    const hasLargeDirectories =
      (this.#superblock.features.incompatible & INCOMPATIBLE.largeDirectories) !== 0;
    const isShort = this.type === "directory" ? !hasLargeDirectories : this.type !== "file";
    return isShort ? low : low + this.bytes.readUInt32LE(INODE.sizeHigh) * 2 ** 32;
  }

  /** Bytes of all blocks that it takes, as it says. */
  get allocatedSize(): number {
    const { features, blockSize } = this.#superblock;
    const low = this.bytes.readUInt32LE(INODE.blocksLow);
    if ((features.readOnlyCompatible & READ_ONLY_COMPATIBLE.hugeFile) === 0) return low * SECTOR_SIZE;
    const count = low + this.bytes.readUInt16LE(INODE.blocksHigh) * 2 ** 32;
    return count * (this.has(INODE_FLAG.hugeFile) ? blockSize : SECTOR_SIZE);
  }

  /** Whether it has one of `INODE_FLAG`. */
  has(flag: number): boolean {
    return (this.bytes.readUInt32LE(INODE.flags) & flag) !== 0;
  }

  /** 60 bytes: where the contents lie, or the contents themselves. */
  get block(): Buffer {
    return this.bytes.subarray(INODE.block, INODE.blockEnd);
  }

  /** The block with extended attributes; 0 for none. */
  get xattrBlock(): number {
    const isWide = (this.#superblock.features.incompatible & INCOMPATIBLE.wide) !== 0;
    const high = isWide ? this.bytes.readUInt16LE(INODE.xattrBlockHigh) : 0;
    return this.bytes.readUInt32LE(INODE.xattrBlockLow) + high * 2 ** 32;
  }

  /** Bytes of fields behind the classic ones. */
  get extraSize(): number {
    return this.bytes.length > CLASSIC_SIZE ? this.bytes.readUInt16LE(INODE.extraSize) : 0;
  }

  /** Whether the extra fields lie within the inode. */
  get isExtraSizeValid(): boolean {
    const { extraSize } = this;
    return extraSize % 4 === 0 && CLASSIC_SIZE + extraSize <= this.bytes.length;
  }

  /** What lies behind the fields: the place for extended attributes. */
  get xattrArea(): Buffer {
    return this.bytes.subarray(CLASSIC_SIZE + this.extraSize);
  }

  /** Nanoseconds since 1970, when the contents were last changed. */
  get mtime(): bigint {
    return this.#time(INODE.mtime, INODE.mtimeExtra);
  }

  get atime(): bigint {
    return this.#time(INODE.atime, INODE.atimeExtra);
  }

  get ctime(): bigint {
    return this.#time(INODE.ctime, INODE.ctimeExtra);
  }

  /** The device that it stands for: in the old form if that is not 0. */
  get device(): { major: number; minor: number } {
    const old = this.block.readUInt32LE(0);
    if (old !== 0) return { major: (old >>> 8) & 0xff, minor: old & 0xff };
    const wide = this.block.readUInt32LE(4);
    return { major: (wide >>> 8) & 0xfff, minor: (wide & 0xff) | ((wide >>> 12) & 0xfff00) };
  }

  /** What the checksums of its blocks go on from. */
  get checksumSeed(): number {
    const own = Buffer.alloc(8);
    own.writeUInt32LE(this.number, 0);
    own.writeUInt32LE(this.bytes.readUInt32LE(INODE.generation), 4);
    return crc32cRaw(own, this.#superblock.checksumSeed);
  }

  /** Tells whether its checksum is wrong, where the image has checksums. */
  get checksumFault(): string | undefined {
    if (!this.#superblock.hasChecksums) return undefined;
    const { bytes } = this;
    const hasHigh = bytes.length > CLASSIC_SIZE && this.extraSize >= INODE.checksumHigh + 2 - CLASSIC_SIZE;
    const bare = Buffer.from(bytes);
    bare.writeUInt16LE(0, INODE.checksumLow);
    if (hasHigh) bare.writeUInt16LE(0, INODE.checksumHigh);
    const whole = crc32cRaw(bare, this.checksumSeed);
    const expected = hasHigh ? whole : whole & 0xffff;
    const high = hasHigh ? bytes.readUInt16LE(INODE.checksumHigh) : 0;
    const found = bytes.readUInt16LE(INODE.checksumLow) + high * 0x10000;
    return found === expected ? undefined : checksumText("the inode", found, expected);
  }

  #time(at: number, extraAt: number): bigint {
    const hasExtra = extraAt + 4 <= CLASSIC_SIZE + this.extraSize;
    return decodeTime({
      seconds: this.bytes.readUInt32LE(at),
      extra: hasExtra ? this.bytes.readUInt32LE(extraAt) : 0,
    });
  }
}
