import { BundleError } from "../base/errors.ts";
import { pointerTo } from "../schema/faults.ts";

/**
 * Makes the error for a configuration that is valid but lacks or garbles what one operation needs.
 *
 * @param action what cannot be done, as a verb with its object
 * @param place names of the properties that lead to the fault
 * @param problem what is wrong there
 */
export function configFault(
  action: string,
  place: readonly (string | number)[],
  problem: string,
): BundleError {
  const pointer = pointerTo(...place);
  const message = `Cannot ${action}: ${pointer} ${problem}`;
  return new BundleError("BUNDLE_INVALID", "config.json", message, {
    faults: [{ pointer, message: problem }],
  });
}
