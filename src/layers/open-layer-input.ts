import { createHash, type Hash } from "node:crypto";
import { LayerError, RuntimeError, systemFault } from "../base/errors.ts";
import { FormatError, inContext } from "../formats/format-error.ts";
import { decompress, detectCompression, MAGIC_SIZE, requireKnown, type Compression } from "./decompress.ts";
import { RawInput } from "./raw-input.ts";
import { ReadAhead } from "./read-ahead.ts";

/** Bytes of plain and of compressed input that are read at once. */
const CHUNK_SIZE = 1024 * 1024;
const COMPRESSED_CHUNK_SIZE = 256 * 1024;
/** Files below this size are read before another thread has started. */
const READ_AHEAD_SIZE = 32 * 1024 * 1024;

/** How a layer is read. */
export interface LayerInputOptions {
  /** Most bytes that the uncompressed tar may have. Default: no limit. */
  maximumSize?: number;
  /** Whether the digests are wanted. Default: no. */
  digest?: boolean;
  /** Is told after each chunk how many bytes of the input have been read, and of how many if that is known. */
  onProgress?: (bytesRead: number, total: number | undefined) => void;
}

/** What an input turned out to be, once it has been read to its end. */
export interface LayerInputSummary {
  /** Bytes of the tar. */
  size: number;
  /** Bytes of the input. */
  compressedSize: number;
  /** "sha256:" and hex digits of the tar's hash, which images call the diff id; undefined unless asked for. */
  diffId: string | undefined;
  /** The same of the input as it is. */
  digest: string | undefined;
}

/**
 * Opens the tar of a layer: a file, or the standard input if `path` is `-`; plain, or compressed by gzip or zstd, as its
 * first bytes tell.
 *
 * @throws {LayerError} if it cannot be read
 * @throws {FormatError} if it is compressed in another way
 * @example
 * const input = await openLayerInput("layer.tar.gz", { digest: true });
 * for await (const chunk of input.chunks()) reader.write(chunk);
 * const { diffId } = input.summary;
 */
export async function openLayerInput(path: string, options: LayerInputOptions = {}): Promise<LayerInput> {
  let raw: RawInput | undefined;
  try {
    raw = new RawInput(path);
    const start = await readStart(raw);
    requireKnown(start);
    return new LayerInput({ path, raw, start }, options);
  } catch (error) {
    raw?.close();
    throw naming(path, error);
  }
}

/** Reads as much as tells the compression; a pipe may bring that in pieces. */
async function readStart(raw: RawInput): Promise<Buffer> {
  const start = Buffer.alloc(MAGIC_SIZE);
  let size = 0;
  for (let count = -1; count !== 0 && size < MAGIC_SIZE; size += count)
    count = await raw.read(start.subarray(size));
  return start.subarray(0, size);
}

/** The tar of a layer, to be read once. */
export class LayerInput {
  readonly compression: Compression;
  readonly #path: string;
  readonly #raw: RawInput;
  readonly #options: LayerInputOptions;
  /** Bytes that have been read to tell the compression. */
  #start: Buffer;
  #summary: LayerInputSummary | undefined;
  #size = 0;

  /** For `openLayerInput`. */
  constructor(
    { path, raw, start }: { path: string; raw: RawInput; start: Buffer },
    options: LayerInputOptions,
  ) {
    this.#path = path;
    this.#raw = raw;
    this.#start = start;
    this.#options = options;
    this.compression = detectCompression(start);
  }

  /** Closes the input, if `chunks` has not done so. */
  close(): void {
    this.#raw.close();
  }

  /** What the input was; known as soon as `chunks` has given all. */
  get summary(): LayerInputSummary {
    if (this.#summary === undefined) throw new Error("the layer has not been read to its end");
    return this.#summary;
  }

  /**
   * Gives the bytes of the tar, in large chunks that are valid until the next one is asked for. The input is closed in
   * the end, also if that comes early.
   *
   * @throws {LayerError} if it cannot be read or is larger than allowed
   * @throws {FormatError} if the compressed data is damaged, or there is none at all
   * @throws {PlatformError} if nothing can decompress it here
   */
  async *chunks(): AsyncGenerator<Buffer, void> {
    try {
      yield* this.compression === "none" ? this.#plain() : this.#unpacked(this.compression);
    } catch (error) {
      throw naming(this.#path, error);
    } finally {
      this.#raw.close();
    }
  }

  #plain(): AsyncGenerator<Buffer, void> {
    const { size = 0 } = this.#raw;
    return size < READ_AHEAD_SIZE ? this.#readHere() : this.#readAhead();
  }

  async *#readHere(): AsyncGenerator<Buffer, void> {
    const room = Buffer.allocUnsafeSlow(CHUNK_SIZE);
    const hash = this.#options.digest === true ? createHash("sha256") : undefined;
    for (;;) {
      const chunk = await this.#read(room);
      if (chunk.length === 0) break;
      this.#count(chunk.length);
      hash?.update(chunk);
      yield chunk;
    }
    const digest = hash?.digest("hex");
    this.#end(digest, digest);
  }

  async *#readAhead(): AsyncGenerator<Buffer, void> {
    const { digest: isHashed = false, onProgress } = this.#options;
    const ahead = new ReadAhead(this.#raw.fd, isHashed ? this.#start : undefined);
    try {
      this.#count(this.#start.length);
      yield this.#start;
      for await (const chunk of ahead.chunks()) {
        this.#count(chunk.length);
        this.#raw.position += chunk.length;
        onProgress?.(this.#raw.position, this.#raw.size);
        yield chunk;
      }
      const digest = await ahead.digest();
      this.#end(digest, digest);
    } finally {
      await ahead.close();
    }
  }

  /** Decompression has threads or processes of its own, beside which this thread has time to hash. */
  async *#unpacked(kind: "gzip" | "zstd"): AsyncGenerator<Buffer, void> {
    const { digest = false } = this.#options;
    const hashes = digest ? { tar: createHash("sha256"), input: createHash("sha256") } : undefined;
    for await (const chunk of decompress(kind, this.#packed(hashes?.input))) {
      this.#count(chunk.length);
      hashes?.tar.update(chunk);
      yield chunk;
    }
    this.#end(hashes?.tar.digest("hex"), hashes?.input.digest("hex"));
  }

  async *#packed(hash: Hash | undefined): AsyncGenerator<Buffer, void> {
    for (;;) {
      const chunk = await this.#read(Buffer.allocUnsafeSlow(COMPRESSED_CHUNK_SIZE));
      if (chunk.length === 0) return;
      hash?.update(chunk);
      yield chunk;
    }
  }

  /** @returns the part of `room` that has been filled; empty at the end */
  async #read(room: Buffer): Promise<Buffer> {
    const lead = this.#start.copy(room);
    this.#start = Buffer.alloc(0);
    const count = await this.#raw.read(room.subarray(lead));
    if (lead + count > 0) this.#options.onProgress?.(this.#raw.position, this.#raw.size);
    return room.subarray(0, lead + count);
  }

  #count(length: number): void {
    this.#size += length;
    const { maximumSize = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#size <= maximumSize) return;
    const fault = `its tar has more than the ${maximumSize} bytes of --max-size`;
    throw new LayerError("LAYER_FORMAT", this.#path, `${actionOn(this.#path)}: ${fault}`, {
      hint: "Allow more with --max-size if the layer can be trusted",
    });
  }

  /** A pipe without a byte is what a program leaves that has failed. */
  #end(diffId: string | undefined, digest: string | undefined): void {
    if (this.#size === 0)
      throw new FormatError("it is empty", {
        hint: "Make sure that what should have written it has not failed",
      });
    const isHashed = this.#options.digest === true;
    this.#summary = {
      size: this.#size,
      compressedSize: this.#raw.position,
      diffId: isHashed ? `sha256:${diffId}` : undefined,
      digest: isHashed ? `sha256:${digest}` : undefined,
    };
  }
}

const actionOn = (path: string): string => `Cannot read the layer ${JSON.stringify(path)}`;

/** Puts the action and the input before a fault that does not name them. */
function naming(path: string, error: unknown): unknown {
  if (error instanceof FormatError) return inContext(actionOn(path), error);
  if (error instanceof RuntimeError || !(error instanceof Error) || !("syscall" in error)) return error;
  return new LayerError("LAYER_IO", path, `${actionOn(path)}: ${systemFault(error)}`, { cause: error });
}
