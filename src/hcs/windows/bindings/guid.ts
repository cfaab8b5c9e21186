import { FormatError } from "../../../formats/format-error.ts";
import type { Guid } from "./layouts.ts";

const GUID = /^\{?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}?$/i;

/** Writes a GUID in lower case, without braces. */
export function guidText({ Data1, Data2, Data3, Data4 }: Guid): string {
  const bytes = [...Data4].map((byte) => hex(byte, 2)).join("");
  return [hex(Data1, 8), hex(Data2, 4), hex(Data3, 4), bytes.slice(0, 4), bytes.slice(4)].join("-");
}

/**
 * Reads a GUID, with or without braces.
 *
 * @throws {FormatError} if the text is no GUID
 */
export function parseGuid(text: string): Guid {
  const [, first = "", second = "", third = "", fourth = "", fifth = ""] = GUID.exec(text) ?? [];
  if (first === "") throw new FormatError(`Cannot read the GUID "${text}": it is not of the form 8-4-4-4-12`);
  return {
    Data1: Number.parseInt(first, 16),
    Data2: Number.parseInt(second, 16),
    Data3: Number.parseInt(third, 16),
    Data4: [...Buffer.from(fourth + fifth, "hex")],
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
