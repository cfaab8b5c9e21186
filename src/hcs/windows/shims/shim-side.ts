/** What both kinds of shim do on their own side of the result protocol. */
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { RuntimeError } from "../../../base/errors.ts";
import { resultBytes } from "./result-protocol.ts";

const DATA = 0;
const RESULT = 1;

/** Reads what whoever launched this process gave it. */
export function readData(): string {
  return readFileSync(DATA, "utf8");
}

/** Tells whoever launched this process what came of it, and ends the stream. */
export async function tellResult(failure: string | undefined): Promise<void> {
  // Node never closes its own standard output; a stream of its own closes the pipe.
  const result = new Socket({ fd: RESULT, readable: false, writable: true });
  await new Promise<void>((resolve) => {
    result.on("error", () => resolve());
    result.on("close", () => resolve());
    result.end(resultBytes(failure));
  });
}

/** The text that stands for a failure; one that is a bug of this program says so with its place. */
export function failureText(error: unknown): string {
  if (error instanceof RuntimeError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
