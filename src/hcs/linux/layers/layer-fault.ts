/** Failures of layers, in one form. */
import { errnoCode, LayerError, RuntimeError } from "../../../base/errors.ts";
import { onOneLine } from "../../../schema/faults.ts";

type LayerCode = ConstructorParameters<typeof LayerError>[0];

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

/** Runs a step of something that is done to a layer; a refusal of the system becomes an error of the layer. */
export async function layerStep<T>(
  path: string,
  [action, step]: readonly [action: string, step: string],
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const code = errnoCode(error);
    if (error instanceof RuntimeError || code === undefined) throw error;
    const message = `Cannot ${action} layer "${onOneLine(path)}": ${step} is refused with ${code}`;
    throw new LayerError(code === "EBUSY" ? "LAYER_BUSY" : "LAYER_IO", path, message, {
      ...(hintFor(code) === undefined ? {} : { hint: hintFor(code) ?? "" }),
      cause: error,
    });
  }
}

function hintFor(code: string): string | undefined {
  if (code === "EPERM" || code === "EACCES") return "Run as root, with CAP_SYS_ADMIN";
  if (code === "EBUSY") return "It may be mounted already, from another state folder or by another program";
  if (code === "ENOSPC") return "Free space there";
  return undefined;
}
