import type { BundleFault } from "../base/errors.ts";
import { removeAt } from "../schema/faults.ts";
import type { Loose } from "./loose-config.ts";

/**
 * Completes the faults of a document against its schema with those that `check` finds in the rest of it.
 *
 * A faulty document loses its wrong values. What the check says of a place that has lost some is left out,
 * as it would call them missing.
 */
export function allFaults<T>(
  document: unknown,
  schemaFaults: readonly BundleFault[],
  check: (rest: Loose<T>) => BundleFault[],
): BundleFault[] {
  if (schemaFaults.some(({ pointer }) => pointer === "")) return [...schemaFaults];
  const incomplete = new Set<string>();
  for (const { pointer } of schemaFaults) {
    removeAt(document, pointer);
    for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) incomplete.add(at);
  }
  // Nothing that is left breaks its type.
  const furtherFaults = check(document as Loose<T>);
  return [...schemaFaults, ...furtherFaults.filter(({ pointer }) => !incomplete.has(pointer))];
}
