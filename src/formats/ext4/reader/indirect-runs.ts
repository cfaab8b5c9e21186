import type { MappedFile, MappedRun } from "./mapped-file.ts";

/** Block numbers in an inode that lead to blocks of the file at once; behind them one for each further level. */
const DIRECT_COUNT = 12;
const LEVELS = [1, 2, 3] as const;
const POINTER_SIZE = 4;

/**
 * Reads the map of blocks that ext2 and ext3 have: block numbers, zeros for holes.
 *
 * @throws {ImageFault}
 * @see https://docs.kernel.org/filesystems/ext4/ifork.html#direct-indirect-block-addressing
 */
export function* indirectRuns(file: MappedFile): Generator<MappedRun, void> {
  const root = file.inode.block;
  const perBlock = file.image.superblock.blockSize / POINTER_SIZE;
  yield* pointerRuns(file, root.subarray(0, DIRECT_COUNT * POINTER_SIZE), 0);
  let logical = DIRECT_COUNT;
  for (const level of LEVELS) {
    const block = root.readUInt32LE((DIRECT_COUNT + level - 1) * POINTER_SIZE);
    yield* levelRuns(file, block, { level, logical });
    logical += perBlock ** level;
  }
}

/** Runs below a block of block numbers, whose first one is of block `logical` of the file. */
function* levelRuns(
  file: MappedFile,
  block: number,
  { level, logical }: { level: number; logical: number },
): Generator<MappedRun, void> {
  if (block === 0) return;
  const bytes = file.image.block(block, { inode: file.inode.number });
  file.onNode(block);
  if (level === 1) {
    yield* pointerRuns(file, bytes, logical);
    return;
  }
  const perPointer = (bytes.length / POINTER_SIZE) ** (level - 1);
  for (let at = 0; at < bytes.length; at += POINTER_SIZE) {
    const below = { level: level - 1, logical: logical + (at / POINTER_SIZE) * perPointer };
    yield* levelRuns(file, bytes.readUInt32LE(at), below);
  }
}

function* pointerRuns(file: MappedFile, pointers: Buffer, logical: number): Generator<MappedRun, void> {
  for (let at = 0; at < pointers.length;) {
    const start = pointers.readUInt32LE(at);
    let end = at + POINTER_SIZE;
    while (
      start !== 0 &&
      end < pointers.length &&
      pointers.readUInt32LE(end) === start + (end - at) / POINTER_SIZE
    )
      end += POINTER_SIZE;
    const count = (end - at) / POINTER_SIZE;
    if (start !== 0) {
      file.image.requireBlocks(start, count, { inode: file.inode.number });
      yield { logical: logical + at / POINTER_SIZE, start, count, isWritten: true };
    }
    at = end;
  }
}
