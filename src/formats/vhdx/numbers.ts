import { roundUp } from "../../base/round-up.ts";
import { FormatError } from "../format-error.ts";

const KIB = 1024;

/** The unit in which parts of a VHDX file are placed, in bytes. */
export const MIB = KIB * KIB;
/** Largest virtual disk in bytes. */
export const VHDX_SIZE_MAX = 64 * 1024 * 1024 * MIB;

/** Makes the error for a file that cannot be read. */
export function vhdxFault(what: string, hint?: string): FormatError {
  return new FormatError(`Cannot read the VHDX: ${what}`, hint === undefined ? {} : { hint });
}

/**
 * Reads a number of 64 bits, lowest byte first.
 *
 * @throws {FormatError} if it is larger than any offset in a file
 */
export function readUInt64(bytes: Buffer, at: number, name: string): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw vhdxFault(`its ${name} is ${value}`);
  return Number(value);
}

/** The next multiple of a mebibyte. */
export function roundUpToMib(bytes: number): number {
  return roundUp(bytes, MIB);
}
