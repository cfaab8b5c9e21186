/**
 * How a process of runhcs that stays behind tells whether it works: `00 4F 4B 00`, or the text of an error, and then
 * the end of the stream.
 */
import type { Readable } from "node:stream";

/** What stands for success; no error text begins with NUL. */
export const SUCCESS = Buffer.from("\0OK\0", "latin1");

/** A longer text is no error of ours. */
const LONGEST_TEXT = 64 * 1024;

/** Reads a stream to its end. @returns undefined for success, the text of the error, or "" if there was nothing */
export async function readResult(stream: Readable): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (length < LONGEST_TEXT) chunks.push(chunk);
      length += chunk.length;
    }
  } catch {
    // A pipe that breaks has ended too; what came before it counts.
  }
  const bytes = Buffer.concat(chunks);
  return bytes.equals(SUCCESS) ? undefined : bytes.toString("utf8");
}

/** The bytes that tell of a result. */
export function resultBytes(failure: string | undefined): Buffer {
  return failure === undefined ? SUCCESS : Buffer.from(failure, "utf8");
}
