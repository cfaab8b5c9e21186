import { writeSync } from "node:fs";
import { errnoCode, LayerError, systemFault } from "../base/errors.ts";

/** Writes text to a descriptor. @returns false if nobody reads any more */
export function writeText(fd: 1 | 2, text: string): boolean {
  return writeBytes(fd, Buffer.from(text));
}

/**
 * Writes bytes to a descriptor, all of them, at once.
 *
 * `process.stdout` would load Node's streams, which costs half of a short command's time. A pipe that its
 * owner made non-blocking is waited for; one that nobody reads any more takes no more.
 *
 * @returns false if nobody reads any more
 */
export function writeBytes(fd: 1 | 2, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = errnoCode(error);
      if (code === "EPIPE") return false;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
  return true;
}

/** Writes one line to standard output; ends the program when nobody reads it any more. */
export function printLine(line: string): void {
  if (!writeText(1, `${line}\n`)) process.exit(0);
}

/**
 * Writes bytes to standard output; ends the program when nobody reads it any more.
 *
 * @throws {LayerError} LAYER_IO if they cannot be written, as where no space is left
 */
export function writeToStdout(bytes: Uint8Array): void {
  try {
    if (!writeBytes(1, bytes)) process.exit(0);
  } catch (error) {
    const message = `Cannot write to standard output: ${systemFault(error)}`;
    throw new LayerError("LAYER_IO", "-", message, { cause: error });
  }
}

/** Whether a descriptor is a terminal; asked late, because the module costs milliseconds to load. */
export async function isTerminal(fd: 1 | 2): Promise<boolean> {
  const { isatty } = await import("node:tty");
  return isatty(fd);
}

/** Whether a descriptor shows colours: it is a terminal, and NO_COLOR is not set. @see https://no-color.org */
export async function wantsColour(fd: 1 | 2): Promise<boolean> {
  return (process.env["NO_COLOR"] ?? "") === "" && (await isTerminal(fd));
}
