import type { Image } from "./image.ts";
import type { InodeView } from "./inode-view.ts";

/** Blocks of a file that lie side by side in the file and in the image. */
export interface MappedRun {
  /** Position in the file, in blocks. */
  logical: number;
  /** Position in the image, in blocks. */
  start: number;
  count: number;
  /** False for blocks that are kept for the file and read as zeros. */
  isWritten: boolean;
}

/** A file whose blocks are looked for. */
export interface MappedFile {
  image: Image;
  inode: InodeView;
  /** Is told the blocks that hold the map itself. */
  onNode: (block: number) => void;
}
