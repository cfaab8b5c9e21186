import { writeSync } from "node:fs";
import { errnoCode } from "../base/errors.ts";

/**
 * Writes text to a descriptor, all of it, at once.
 *
 * `process.stdout` would load Node's streams, which costs half of a short command's time. A pipe that its
 * owner made non-blocking is waited for; one that nobody reads any more ends the output silently.
 */
export function writeText(fd: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = errnoCode(error);
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** Writes one line to standard output. */
export function printLine(line: string): void {
  writeText(1, `${line}\n`);
}

/** Whether a descriptor is a terminal; asked late, because the module costs milliseconds to load. */
export async function isTerminal(fd: 1 | 2): Promise<boolean> {
  const { isatty } = await import("node:tty");
  return isatty(fd);
}
