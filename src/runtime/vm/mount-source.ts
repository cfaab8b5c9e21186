import { statSync } from "node:fs";
import { systemFault } from "../../base/errors.ts";
import { documentFault } from "../../oci/documents/fault.ts";

/** Tells whether the source of a mount is one file. @throws {BundleError} if it cannot be looked at */
export function isFileSource(source: string, index: number): boolean {
  try {
    return statSync(source).isFile();
  } catch (error) {
    const problem = `cannot be looked at: could not open bind mount target: ${systemFault(error)}`;
    throw documentFault(["mounts", index, "source"], problem);
  }
}
