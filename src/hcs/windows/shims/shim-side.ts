/** What both kinds of shim do on their own side of the result protocol. */
import { closeSync, readFileSync, writeSync } from "node:fs";
import { resultBytes } from "./result-protocol.ts";

const DATA = 0;
/** Descriptor of the result. Node never closes the first three, and the end of the stream is a part of the answer. */
export const RESULT = 3;

/** Reads what whoever launched this process gave it. */
export function readData(): string {
  return readFileSync(DATA, "utf8");
}

/** Tells whoever launched this process what came of it, and ends the stream. @returns false if that has ended meanwhile */
export function tellResult(failure: string | undefined): boolean {
  try {
    writeSync(RESULT, resultBytes(failure));
    closeSync(RESULT);
    return true;
  } catch {
    return false;
  }
}
