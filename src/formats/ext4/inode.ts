import { encodeTime } from "./timestamp.ts";

/** Bytes of an inode. */
export const INODE_SIZE = 256;

/**
 * Offsets in an inode, in bytes.
 *
 * @see https://docs.kernel.org/filesystems/ext4/inodes.html
 */
export const INODE = {
  mode: 0,
  uidLow: 2,
  sizeLow: 4,
  atime: 8,
  ctime: 12,
  mtime: 16,
  deletionTime: 20,
  gidLow: 24,
  links: 26,
  /** In units of 512 bytes. */
  blocksLow: 28,
  flags: 32,
  /** 60 bytes: the root of the extent tree, the target of a short symlink or a device number. */
  block: 40,
  blockEnd: 100,
  generation: 100,
  xattrBlockLow: 104,
  sizeHigh: 108,
  blocksHigh: 116,
  xattrBlockHigh: 118,
  uidHigh: 120,
  gidHigh: 122,
  checksumLow: 124,
  extraSize: 128,
  checksumHigh: 130,
  ctimeExtra: 132,
  mtimeExtra: 136,
  atimeExtra: 140,
  creationTime: 144,
  creationTimeExtra: 148,
  /** Extended attributes lie from here to the end of the inode. */
  xattrs: 160,
} as const;

/** Bytes that the fields behind the classic inode take. */
export const EXTRA_SIZE = INODE.xattrs - INODE.extraSize;

/** Bits of an inode's flags. */
export const INODE_FLAG = {
  encrypted: 0x800,
  index: 0x1000,
  hugeFile: 0x40000,
  extents: 0x80000,
  xattrInode: 0x200000,
  inlineData: 0x10000000,
} as const;

/** What an inode tells of a file beside its mode and where its contents lie. */
export interface InodeAttributes {
  uid: number;
  gid: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  atime?: bigint;
  ctime?: bigint;
}

/** Writes mode (file type and permission bits) and attributes into an inode; access and change times default to that of the contents. */
export function writeAttributes(inode: Buffer, mode: number, attributes: InodeAttributes): void {
  const { uid, gid } = attributes;
  inode.writeUInt16LE(mode, INODE.mode);
  inode.writeUInt16LE(uid & 0xffff, INODE.uidLow);
  inode.writeUInt16LE(uid >>> 16, INODE.uidHigh);
  inode.writeUInt16LE(gid & 0xffff, INODE.gidLow);
  inode.writeUInt16LE(gid >>> 16, INODE.gidHigh);
  inode.writeUInt16LE(EXTRA_SIZE, INODE.extraSize);
  writeTimes(inode, attributes);
}

function writeTimes(inode: Buffer, { mtime, atime, ctime }: InodeAttributes): void {
  const modified = encodeTime(mtime);
  const accessed = atime === undefined ? modified : encodeTime(atime);
  const changed = ctime === undefined ? modified : encodeTime(ctime);
  inode.writeUInt32LE(modified.seconds, INODE.mtime);
  inode.writeUInt32LE(modified.extra, INODE.mtimeExtra);
  inode.writeUInt32LE(modified.seconds, INODE.creationTime);
  inode.writeUInt32LE(modified.extra, INODE.creationTimeExtra);
  inode.writeUInt32LE(accessed.seconds, INODE.atime);
  inode.writeUInt32LE(accessed.extra, INODE.atimeExtra);
  inode.writeUInt32LE(changed.seconds, INODE.ctime);
  inode.writeUInt32LE(changed.extra, INODE.ctimeExtra);
}

/** Writes the length of a file's contents in bytes. */
export function writeSize(inode: Buffer, size: number): void {
  inode.writeUInt32LE(size % 2 ** 32, INODE.sizeLow);
  inode.writeUInt32LE(Math.floor(size / 2 ** 32), INODE.sizeHigh);
}

/** Adds to the blocks that a file takes, those of its extent tree and extended attributes included. */
export function addBlocks(inode: Buffer, count: number): void {
  const before = inode.readUInt32LE(INODE.blocksLow) + inode.readUInt16LE(INODE.blocksHigh) * 2 ** 32;
  const sectors = before + count * 8;
  inode.writeUInt32LE(sectors % 2 ** 32, INODE.blocksLow);
  inode.writeUInt16LE(Math.floor(sectors / 2 ** 32), INODE.blocksHigh);
}

/** Writes a device number: the old form where it fits, else the one with 12 and 20 bits. */
export function writeDevice(inode: Buffer, { major, minor }: { major: number; minor: number }): void {
  if (major < 256 && minor < 256) inode.writeUInt32LE((major << 8) | minor, INODE.block);
  else inode.writeUInt32LE(((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0, INODE.block + 4);
}
