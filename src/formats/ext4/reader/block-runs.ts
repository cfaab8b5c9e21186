import { INODE_FLAG } from "../inode.ts";
import { extentRuns } from "./extent-runs.ts";
import { ImageFault } from "./image-fault.ts";
import type { Image } from "./image.ts";
import { indirectRuns } from "./indirect-runs.ts";
import type { InodeView } from "./inode-view.ts";
import type { MappedFile, MappedRun } from "./mapped-file.ts";

/**
 * Finds the blocks of a file, ascending; what lies between them are holes. A map that claims more blocks than the
 * image has is refused, so that no damaged one takes forever.
 *
 * @param onNode is told each block that holds a part of the map itself
 * @throws {ImageFault} if the map is damaged
 */
export function* blockRuns(
  image: Image,
  inode: InodeView,
  onNode: (block: number) => void = () => undefined,
): Generator<MappedRun, void> {
  if (!hasBlocks(inode)) return;
  const { blocks } = image.superblock;
  let claimed = 0;
  const claim = (count: number): void => {
    claimed += count;
    if (claimed > blocks)
      throw new ImageFault("it claims more blocks than there are", { inode: inode.number });
  };
  const file: MappedFile = {
    image,
    inode,
    onNode(block) {
      claim(1);
      onNode(block);
    },
  };
  for (const run of inode.has(INODE_FLAG.extents) ? extentRuns(file) : indirectRuns(file)) {
    claim(run.count);
    yield run;
  }
}

/** Whether the 60 bytes in an inode tell of blocks, and are not the contents or a device number themselves. */
export function hasBlocks(inode: InodeView): boolean {
  if (inode.has(INODE_FLAG.inlineData)) return false;
  if (inode.type === "symlink") return !isFastSymlink(inode);
  return inode.type === "file" || inode.type === "directory" || inode.type === undefined;
}

/** Whether the target of a symlink lies in its inode. */
export function isFastSymlink(inode: InodeView): boolean {
  return inode.size < inode.block.length && !inode.has(INODE_FLAG.extents | INODE_FLAG.inlineData);
}
