import type { BundleError } from "../../base/errors.ts";
import { configFault } from "../config-fault.ts";

/** The error for a configuration from which no document can be made. @param place names that lead to the fault */
export function documentFault(place: readonly (string | number)[], problem: string): BundleError {
  return configFault("make the document of the container", place, problem);
}
