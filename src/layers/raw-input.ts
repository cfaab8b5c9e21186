import { closeSync, fstatSync, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import { errnoCode } from "../base/errors.ts";

/** The name that stands for the standard input, and its descriptor. */
const STDIN = { name: "-", fd: 0 } as const;
/** How long to wait for a pipe that somebody has made non-blocking, in milliseconds. */
const EMPTY_PIPE_DELAY = 2;

const readLater = promisify(read);

/** Reads a file or the standard input from its beginning to its end. */
export class RawInput {
  /** Bytes that there are, if that is known. */
  readonly size: number | undefined;
  /** Bytes that have been read. */
  position = 0;
  readonly fd: number;
  readonly #isFile: boolean;
  #isClosed = false;

  /** Opens `path`; `-` is the standard input. @throws {Error} as node:fs does */
  constructor(path: string) {
    this.fd = path === STDIN.name ? STDIN.fd : openSync(path, "r");
    const stat = fstatSync(this.fd);
    this.#isFile = stat.isFile();
    this.size = this.#isFile ? stat.size : undefined;
  }

  /** Fills the front of `target` with the next bytes, as many as there are at once. @returns how many; 0 at the end */
  async read(target: Buffer): Promise<number> {
    // A decompressor may ask once more; the number may be another file's by then.
    if (this.#isClosed) return 0;
    // Reading a file does not wait for anybody; a thread would only cost time.
    const count = this.#isFile
      ? readSync(this.fd, target, 0, target.length, null)
      : await this.#readPipe(target);
    this.position += count;
    return count;
  }

  /** Closes what was opened; a second time does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.fd !== STDIN.fd) closeSync(this.fd);
  }

  async #readPipe(target: Buffer): Promise<number> {
    for (;;) {
      try {
        return (await readLater(this.fd, target, 0, target.length, null)).bytesRead;
      } catch (error) {
        const code = errnoCode(error);
        if (code === "EOF") return 0;
        if (code !== "EAGAIN") throw error;
        await new Promise((resolve) => setTimeout(resolve, EMPTY_PIPE_DELAY));
      }
    }
  }
}
