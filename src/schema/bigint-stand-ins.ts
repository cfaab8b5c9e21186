/**
 * Stand-ins for integers that a double cannot hold.
 *
 * The validators compare doubles. The bounds of 64-bit integers are powers of two, which doubles hold exactly,
 * so a bigint is judged exactly when a double stands in for it that lies on the same side of each bound.
 */

/** Copies a document, each bigint replaced by a double that every bound compares with in the same way. */
export function withStandIns(value: unknown): unknown {
  if (typeof value === "bigint") return standInFor(value);
  if (Array.isArray(value)) return value.map(withStandIns);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withStandIns(child)]));
}

function standInFor(value: bigint): number {
  if (value >= 2n ** 64n) return 2 ** 64;
  if (value >= 2n ** 63n) return 2 ** 63;
  if (value < -(2n ** 63n)) return -(2 ** 64);
  return value > 0n ? 2 ** 53 : -(2 ** 53);
}
