import type { OciConfig } from "../../schema/oci.ts";
import { annotationValue, type AnnotationValue, type AnnotationName } from "../annotations.ts";

/** Names of annotations that are numbers. */
type NumberName = {
  [N in AnnotationName]: AnnotationValue<N> extends number | bigint ? N : never;
}[AnnotationName];

/**
 * A limit: that of the annotation, else that of the configuration; 0 means none in both.
 *
 * @throws {BundleError} if the annotation is no number in its range
 */
export function positiveLimit(
  { annotations }: Pick<OciConfig, "annotations">,
  name: NumberName,
  configured: number | bigint = 0,
): number | bigint {
  const annotated = annotationValue(annotations, name) ?? 0;
  return annotated > 0 ? annotated : configured;
}
