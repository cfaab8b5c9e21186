import type { OciConfig } from "../../schema/oci.ts";
import { documentFault } from "./fault.ts";

/** Windows containers always write to their root. @throws {BundleError} if it is to be read-only */
export function requireWritableRoot({ root }: Pick<OciConfig, "root">): void {
  if (root?.readonly === true) {
    throw documentFault(["root", "readonly"], "is true, must be false or absent on Windows");
  }
}
