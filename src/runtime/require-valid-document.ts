import { BundleError } from "../base/errors.ts";
import { onOneLine } from "../schema/faults.ts";

/**
 * Checks a document against the schema of HCS, which would only name a path.
 *
 * @throws {BundleError} `BUNDLE_INVALID` with every fault, if it breaks the schema
 */
export async function requireValidDocument(document: object, bundle: string): Promise<void> {
  // Loaded here alone, as the checks are larger than all else that a short command needs.
  const { checkComputeSystem, checkContainerConfig } = await import("../schema/validate-hcs.ts");
  const { faults } = "SystemType" in document ? checkContainerConfig(document) : checkComputeSystem(document);
  if (faults.length === 0) return;
  const texts = faults.map(({ pointer, message }) => `${onOneLine(pointer)}: ${message}`);
  const message = `Cannot make the document of "${onOneLine(bundle)}": ${texts.join("; ")}`;
  throw new BundleError("BUNDLE_INVALID", bundle, message, { faults });
}
