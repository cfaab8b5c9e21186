import { UsageError } from "../base/errors.ts";
import { parseUuid } from "../base/uuid.ts";

/** Reads a UUID. @returns 16 bytes @throws {UsageError} */
export function uuidFlag(flag: string, text: string): Uint8Array {
  const uuid = parseUuid(text);
  if (uuid !== undefined) return uuid;
  throw new UsageError(`Cannot read ${flag} "${text}": a UUID has 32 hexadecimal digits in five groups`);
}
