import { UsageError } from "../base/errors.ts";

const UNITS = ["", "K", "M", "G", "T"];

/**
 * Reads a number of bytes with a unit of 1024.
 *
 * @throws {UsageError}
 * @example parseSize("--size", "20G") // 21474836480
 */
export function parseSize(flag: string, text: string): number {
  const [, digits = "", unit = ""] = /^(\d+)([KMGT]?)i?B?$/i.exec(text) ?? [];
  const size = Number(digits) * 1024 ** UNITS.indexOf(unit.toUpperCase());
  if (digits !== "" && Number.isSafeInteger(size)) return size;
  throw new UsageError(`Cannot read ${flag} "${text}": a size is written like 4096, 512M or 20G`);
}

/** Reads a flag that may be absent. @throws {UsageError} */
export function sizeFlag(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseSize(flag, text);
}

/**
 * Shows a number of bytes to people, in units of 1000.
 *
 * @example showSize(1536000) // "1.5 MB"
 */
export function showSize(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${units[power]}`;
}
