import type { LinuxResources } from "../schema/oci.ts";
import { checkResources } from "../schema/validate.ts";
import { invalid, parseDocument } from "./json-file.ts";

/**
 * Reads the limits that an engine asks update to set.
 *
 * @throws {BundleError} `BUNDLE_INVALID` with every fault at once
 */
export function readResources(text: string): LinuxResources {
  const source = { action: "read", path: "resources", name: "the JSON text", absent: "there is none" };
  const { value: resources, faults } = checkResources(parseDocument(Buffer.from(text), source));
  if (resources === undefined) throw invalid(source, faults);
  return resources;
}
