import { PlatformError } from "../../base/errors.ts";
import { ANNOTATIONS, annotationValue, type AnnotationName } from "../../oci/annotations.ts";
import type { Annotation } from "../../oci/annotations/annotation.ts";
import type { OciConfig } from "../../schema/oci.ts";

/** A container whose bundle may ask for what it does not get. */
interface AskingContainer {
  id: string;
  spec: OciConfig;
  isInVm: boolean;
}

const OF_VMS = "io.microsoft.virtualmachine.";

/**
 * Lets nothing that a bundle asks for by annotations be left out in silence. Those of VMs mean nothing for a container
 * that is in none.
 *
 * @param warn told of each annotation that is known and changes nothing
 * @throws {PlatformError} PLATFORM_UNSUPPORTED for one without which the container would be another, or less isolated
 * @throws {BundleError} BUNDLE_INVALID if a text is none that the annotation can have
 */
export function requireServedAnnotations(
  { id, spec: { annotations }, isInVm }: AskingContainer,
  warn: (text: string) => void,
): void {
  for (const [name, annotation] of Object.entries<Annotation>(ANNOTATIONS)) {
    if (annotation.served || (!isInVm && name.startsWith(OF_VMS))) continue;
    const value: unknown = annotationValue(annotations, name as AnnotationName);
    if (value === undefined || value === false) continue;
    if (annotation.refusal !== undefined) throw refusal(id, name, annotation.refusal);
    warn(`Annotation "${name}" of container "${id}" changes nothing: it is not served`);
  }
}

function refusal(id: string, name: string, reason: string): PlatformError {
  const message = `Cannot create container "${id}" with annotation "${name}": ${reason}`;
  return new PlatformError("PLATFORM_UNSUPPORTED", message);
}
