import { readFileSync } from "node:fs";
import { UsageError } from "../base/errors.ts";

/** Reads a whole file, or standard input for `-`. @throws {UsageError} */
export function readInput(flag: string, path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot read ${flag} "${path}": ${reason}`, { cause: error });
  }
}
