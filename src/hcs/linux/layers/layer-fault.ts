/** Steps of what is done to a layer, and their failures. */
import { errnoCode, LayerError, RuntimeError } from "../../../base/errors.ts";
import { onOneLine } from "../../../schema/faults.ts";

export { layerFault } from "../../layer-fault.ts";

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
