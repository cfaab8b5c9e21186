import { GROUP_FLAG } from "../group-descriptor.ts";
import type { GroupTable } from "./group-table.ts";
import { ImageFault } from "./image-fault.ts";
import type { Image } from "./image.ts";
import { InodeView } from "./inode-view.ts";
import { LeastRecentlyUsed } from "./least-recently-used.ts";

/** Bytes of an inode table that are read at once. */
const PIECE_SIZE = 64 * 1024;
/** Bytes of inode tables that are kept. */
const KEPT_BYTES = 32 * 2 ** 20;

/** Reads inodes by number. */
export class InodeSource {
  readonly #image: Image;
  readonly #groups: GroupTable;
  readonly #pieces = new LeastRecentlyUsed<Buffer>(KEPT_BYTES / PIECE_SIZE);

  /** The piece used last: most inodes are asked for side by side. */
  #last: { key: number; bytes: Buffer } | undefined;

  constructor(image: Image, groups: GroupTable) {
    this.#image = image;
    this.#groups = groups;
  }

  /**
   * An inode that is in use.
   *
   * @throws {ImageFault} if it does not exist, is not in use or is damaged
   */
  at(number: number): InodeView {
    const inode = this.raw(number);
    const fault = faultOf(inode);
    if (fault !== undefined) throw new ImageFault(fault, { inode: number });
    return inode;
  }

  /**
   * An inode, in use or not, damaged or not.
   *
   * @throws {ImageFault} if it does not exist or the tables of its group are damaged
   */
  raw(number: number): InodeView {
    const { superblock } = this.#image;
    const { inodes, inodeSize } = superblock;
    if (number < 1 || number > inodes) throw new ImageFault(`it has ${inodes} inodes`, { inode: number });
    const perPiece = Math.floor(PIECE_SIZE / inodeSize);
    const index = (number - 1) % superblock.inodesPerGroup;
    const group = (number - 1 - index) / superblock.inodesPerGroup;
    const inPiece = index % perPiece;
    const piece = this.#piece(group, index - inPiece, perPiece);
    return new InodeView(number, piece.subarray(inPiece * inodeSize, (inPiece + 1) * inodeSize), superblock);
  }

  /** The inodes from `first` of a group's table on, at most `count`. */
  #piece(group: number, first: number, count: number): Buffer {
    const { inodesPerGroup } = this.#image.superblock;
    const key = group * inodesPerGroup + first;
    if (key === this.#last?.key) return this.#last.bytes;
    const bytes = this.#pieces.get(key) ?? this.#readPiece(key, { group, first, count });
    this.#last = { key, bytes };
    return bytes;
  }

  #readPiece(key: number, { group, first, count }: { group: number; first: number; count: number }): Buffer {
    const { inodesPerGroup, inodeSize, blockSize } = this.#image.superblock;
    const { inodeTable, flags, unusedInodes } = this.#groups.at(group);
    const length = Math.min(count, inodesPerGroup - first) * inodeSize;
    const bytes = Buffer.alloc(length);
    const isUnset = (flags & GROUP_FLAG.inodesUnset) !== 0 && unusedInodes >= inodesPerGroup;
    if (!isUnset) this.#image.source.read(bytes, inodeTable * blockSize + first * inodeSize);
    this.#pieces.set(key, bytes);
    return bytes;
  }
}

function faultOf(inode: InodeView): string | undefined {
  if (inode.checksumFault !== undefined) return inode.checksumFault;
  if (inode.links === 0) return "it is not in use";
  if (inode.type === undefined) return `there is no type of file 0o${inode.mode.toString(8)}`;
  return inode.isExtraSizeValid ? undefined : `its extra fields have ${inode.extraSize} bytes`;
}
