import { requireInside, type ByteSource } from "../byte-io.ts";
import type { VhdxMetadata } from "./metadata.ts";
import { openVhdx, type VhdxFile } from "./vhdx-file.ts";

/** Reads the disk in a VHDX file. If the file's last user was killed, its log is replayed in memory. */
export class VhdxReader implements ByteSource {
  readonly metadata: VhdxMetadata;
  readonly #file: VhdxFile;

  /**
   * Reads and verifies everything but the disk's contents.
   *
   * @throws {FormatError} if the file is no VHDX, is damaged or needs another file
   */
  constructor(input: ByteSource) {
    this.#file = openVhdx(input);
    this.metadata = this.#file.metadata;
  }

  /** Bytes of the disk. */
  get size(): number {
    return this.metadata.size;
  }

  read(target: Uint8Array, position: number): void {
    requireInside(this, position, target.length);
    readBlocks(this.#file, target, position);
  }
}

/** Fills `target` with the disk's bytes from `position`, which lie in the disk. */
export function readBlocks({ table, source }: VhdxFile, target: Uint8Array, position: number): void {
  const { blockSize } = table.geometry;
  for (let done = 0; done < target.length;) {
    const block = Math.floor((position + done) / blockSize);
    const offset = position + done - block * blockSize;
    const part = target.subarray(done, done + blockSize - offset);
    const start = table.positionOf(block);
    if (start === undefined) part.fill(0);
    else source.read(part, start + offset);
    done += part.length;
  }
}
