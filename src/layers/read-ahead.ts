import { Worker } from "node:worker_threads";

/** Bytes that are read at once. */
const CHUNK_SIZE = 1024 * 1024;
/** Chunks that the other thread may be ahead. */
const CHUNKS_AHEAD = 8;

/** What the other thread answers: a chunk, of no bytes at the end; what it has hashed; or why it could not read. */
type Answer = { at: number; size: number } | { digest: string } | { fault: Partial<NodeJS.ErrnoException> };

/**
 * What the other thread does. A text, because a file of its own could not be found in the compiled program. It gets
 * places in the shared memory to fill; a place that it has passed on it hashes before it looks for the next.
 */
const PROGRAM = `
const { createHash } = require("node:crypto");
const { readSync } = require("node:fs");
const { parentPort, workerData } = require("node:worker_threads");
const { memory, fd, chunkSize, hashed } = workerData;
const hash = hashed === undefined ? undefined : createHash("sha256").update(hashed);
parentPort.on("message", (at) => {
  try {
    const room = Buffer.from(memory, at, chunkSize);
    const size = readSync(fd, room, 0, chunkSize, null);
    parentPort.postMessage({ at, size });
    hash?.update(room.subarray(0, size));
    if (size === 0) parentPort.postMessage({ digest: hash?.digest("hex") ?? "" });
  } catch ({ message, code, syscall, errno }) {
    parentPort.postMessage({ fault: { message, code, syscall, errno } });
  }
});`;

/**
 * Reads a file to its end in a thread of its own, some chunks ahead, and hashes it there. Only for files: at a pipe the
 * thread could wait without an end, and the process with it.
 */
export class ReadAhead {
  readonly #memory = new SharedArrayBuffer(CHUNKS_AHEAD * CHUNK_SIZE);
  readonly #worker: Worker;
  readonly #answers: Answer[] = [];
  #failure: unknown;
  /** Wakes whoever waits for an answer. */
  #wake: (() => void) | undefined;

  /**
   * Begins to read at the place where the file is.
   *
   * @param fd is kept by the caller, and closed after `close`
   * @param hashed bytes that were read before and go into the hash; undefined if there is to be none
   */
  constructor(fd: number, hashed: Buffer | undefined) {
    const workerData = { memory: this.#memory, fd, chunkSize: CHUNK_SIZE, hashed };
    this.#worker = new Worker(PROGRAM, { eval: true, workerData });
    this.#worker.on("message", (answer: Answer) => {
      this.#answers.push(answer);
      this.#wake?.();
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the thread that reads has ended")));
    for (let chunk = 0; chunk < CHUNKS_AHEAD; chunk++) this.#worker.postMessage(chunk * CHUNK_SIZE, []);
  }

  /** Gives the chunks, each valid until the next is asked for. @throws {Error} as node:fs does */
  async *chunks(): AsyncGenerator<Buffer, void> {
    for (;;) {
      const answer = await this.#answer();
      if (!("at" in answer) || answer.size === 0) return;
      yield Buffer.from(this.#memory, answer.at, answer.size);
      this.#worker.postMessage(answer.at, []);
    }
  }

  /** The SHA-256 of what `chunks` has given to its end, in hexadecimal digits; empty if there is to be none. */
  async digest(): Promise<string> {
    for (;;) {
      const answer = await this.#answer();
      if ("digest" in answer) return answer.digest;
    }
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#worker.removeAllListeners("exit");
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  async #answer(): Promise<Answer> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined && "fault" in answer) {
        throw Object.assign(new Error(answer.fault.message), answer.fault);
      }
      if (answer !== undefined) return answer;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => void (this.#wake = resolve));
    }
  }
}
