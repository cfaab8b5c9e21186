import { createHash, type Hash } from "node:crypto";
import { Worker } from "node:worker_threads";

/** Bytes that are read at once. */
const CHUNK_SIZE = 1024 * 1024;
/** Bytes that are handed to another thread at once, so that not much time goes into messages. */
const SHARED_CHUNK_SIZE = 256 * 1024;
/** Chunks that the other thread may be behind. */
const CHUNKS_IN_FLIGHT = 8;

/** Gives out memory for chunks and hashes what is put there. */
export interface ChunkHasher {
  /** Memory for the next chunk; the chunk before may still be in use. */
  room(): Promise<Buffer>;
  /** Hashes a chunk that lies in the memory given out last, which must not change from then on. */
  update(chunk: Buffer): void;
  /** Ends the hash. @returns hex digits of SHA-256 */
  digest(): Promise<string>;
  /** Gives up, or cleans up behind `digest`. */
  close(): Promise<void>;
}

/** Gives out the same memory again and again, and hashes, if at all, in this thread. */
export class InlineHasher implements ChunkHasher {
  readonly #memory = Buffer.allocUnsafeSlow(CHUNK_SIZE);
  readonly #hash: Hash | undefined;

  constructor(isHashing: boolean) {
    this.#hash = isHashing ? createHash("sha256") : undefined;
  }

  async room(): Promise<Buffer> {
    return this.#memory;
  }

  update(chunk: Buffer): void {
    this.#hash?.update(chunk);
  }

  async digest(): Promise<string> {
    return this.#hash?.digest("hex") ?? "";
  }

  async close(): Promise<void> {
    // There is nothing to give back.
  }
}

/**
 * What the other thread does. A text, because a file of its own could not be found in the compiled program.
 * It gets places in the shared memory to hash and sends them back; an empty place is the end.
 */
const HASH_PROGRAM = `
const { createHash } = require("node:crypto");
const { parentPort, workerData } = require("node:worker_threads");
const hash = createHash("sha256");
parentPort.on("message", ({ at, size }) => {
  if (size === 0) return parentPort.postMessage({ digest: hash.digest("hex") });
  hash.update(Buffer.from(workerData, at, size));
  parentPort.postMessage({ at });
});`;

/** Hashes in a thread of its own, beside reading and writing. */
export class BackgroundHasher implements ChunkHasher {
  readonly #memory = new SharedArrayBuffer(CHUNKS_IN_FLIGHT * SHARED_CHUNK_SIZE);
  readonly #free = Array.from({ length: CHUNKS_IN_FLIGHT }, (_, index) => index * SHARED_CHUNK_SIZE);
  readonly #worker = new Worker(HASH_PROGRAM, { eval: true, workerData: this.#memory });
  #current = 0;
  #digest: string | undefined;
  #failure: unknown;
  /** Whoever waits for a message of the other thread. */
  #wake: (() => void) | undefined;

  constructor() {
    this.#worker.on("message", (message: { at: number } | { digest: string }) => {
      if ("at" in message) this.#free.push(message.at);
      else this.#digest = message.digest;
      this.#wake?.();
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the thread that hashes has ended")));
  }

  async room(): Promise<Buffer> {
    await this.#until(() => this.#free.length > 0);
    this.#current = this.#free.shift() ?? 0;
    return Buffer.from(this.#memory, this.#current, SHARED_CHUNK_SIZE);
  }

  update(chunk: Buffer): void {
    this.#worker.postMessage({ at: this.#current, size: chunk.length }, []);
  }

  async digest(): Promise<string> {
    this.#worker.postMessage({ at: 0, size: 0 }, []);
    await this.#until(() => this.#digest !== undefined);
    return this.#digest ?? "";
  }

  async close(): Promise<void> {
    this.#worker.removeAllListeners("exit");
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  async #until(isReached: () => boolean): Promise<void> {
    while (!isReached()) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => void (this.#wake = resolve));
    }
  }
}
