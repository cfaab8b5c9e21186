import type { BundleFault } from "../base/errors.ts";
import { withStandIns } from "./bigint-stand-ins.ts";
import { toFaults } from "./faults.ts";
import type { ValidateFunction } from "./validate-function.ts";

/** A document that obeys its schema, typed, or every fault of one that does not. */
export type Checked<T> = { value: T; faults: [] } | { value: undefined; faults: BundleFault[] };

/**
 * Checks a document with a precompiled validator; integers may be bigints.
 *
 * @param patternTexts what each pattern of the schema allows
 */
export function checkWith<T>(
  validate: ValidateFunction<T>,
  document: unknown,
  patternTexts: Readonly<Record<string, string>>,
): Checked<T> {
  if (conforms(validate, document)) return { value: document, faults: [] };
  return { value: undefined, faults: toFaults(validate.errors ?? [], document, patternTexts) };
}

/** Validates as it stands, and only if that fails with stand-ins for bigints, which validators take for no number. */
function conforms<T>(validate: ValidateFunction<T>, document: unknown): document is T {
  return validate(document) || validate(withStandIns(document));
}
