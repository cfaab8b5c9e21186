/** Failures of layers, in one form for all hosts. */
import { LayerError } from "../base/errors.ts";
import { onOneLine } from "../schema/faults.ts";

/** Code of a {@link LayerError}. */
export type LayerCode = ConstructorParameters<typeof LayerError>[0];

/**
 * Makes the error of a layer.
 *
 * @param action a verb, as in `Cannot mount layer "/x": ...`
 * @param found what is wrong
 * @param hint what to do
 */
export function layerFault(
  code: LayerCode,
  path: string,
  [action, found, hint]: readonly [action: string, found: string, hint?: string],
): LayerError {
  const message = `Cannot ${action} layer "${onOneLine(path)}": ${onOneLine(found)}`;
  return new LayerError(code, path, message, hint === undefined ? {} : { hint });
}
