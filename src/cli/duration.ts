import { UsageError } from "../base/errors.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads a duration as Go writes it.
 *
 * @returns milliseconds, more than 0
 * @throws {UsageError}
 * @example parseDuration("1m30s") // 90000
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const milliseconds = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0),
    0,
  );
  if (parts.map(([part]) => part).join("") !== text || text === "") {
    throw new UsageError(`Cannot read the duration "${text}": it is written like 5s, 500ms or 1m30s`);
  }
  if (milliseconds <= 0) throw new UsageError("duration interval must be greater than 0");
  return milliseconds;
}
