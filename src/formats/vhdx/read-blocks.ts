import type { ByteSource } from "../byte-io.ts";
import type { BlockGeometry } from "./block-geometry.ts";

/** Knows where in the file the blocks of a disk lie. */
export interface BlockLookup {
  readonly geometry: BlockGeometry;
  /** Bytes from the file's start; undefined for a block that reads as zeros. */
  positionOf(block: number): number | undefined;
}

/** Part of a block that a range of the disk touches. */
export interface BlockPart {
  block: number;
  /** Bytes from the block's start. */
  offset: number;
  part: Uint8Array;
}

/** Splits bytes from `position` of the disk at the borders of blocks. */
export function* blockParts(bytes: Uint8Array, position: number, blockSize: number): Generator<BlockPart> {
  for (let done = 0; done < bytes.length;) {
    const block = Math.floor((position + done) / blockSize);
    const offset = position + done - block * blockSize;
    const part = bytes.subarray(done, done + blockSize - offset);
    yield { block, offset, part };
    done += part.length;
  }
}

/** Fills `target` with the disk's bytes from `position`, which lie in the disk. */
export function readBlocks(
  source: ByteSource,
  lookup: BlockLookup,
  { target, position }: { target: Uint8Array; position: number },
): void {
  for (const { block, offset, part } of blockParts(target, position, lookup.geometry.blockSize)) {
    const start = lookup.positionOf(block);
    if (start === undefined) part.fill(0);
    else source.read(part, start + offset);
  }
}
