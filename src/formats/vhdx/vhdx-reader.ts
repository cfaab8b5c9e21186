import { requireInside, type ByteSource } from "../byte-io.ts";
import type { VhdxMetadata } from "./metadata.ts";
import { readBlocks } from "./read-blocks.ts";
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
    readBlocks(this.#file.source, this.#file.table, { target, position });
  }
}
