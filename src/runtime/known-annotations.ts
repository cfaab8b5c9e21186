import { ANNOTATIONS } from "../oci/annotations.ts";
import { typeText } from "../oci/annotations/annotation.ts";

/** An annotation, as people and programs are told of it. */
export interface KnownAnnotation {
  name: string;
  type: string;
  /** What holds without it; empty for nothing. */
  default: string;
  effect: string;
  /** Whether this program acts on it. */
  served: boolean;
  /** Why no container is created on Windows that asks for it. */
  refusal?: string;
}

/** Lists every annotation that is known. */
export function knownAnnotations(): KnownAnnotation[] {
  return Object.entries(ANNOTATIONS).map(([name, annotation]) => ({
    name,
    type: typeText(annotation),
    default: annotation.default,
    effect: annotation.effect,
    served: annotation.served,
    ...(annotation.refusal === undefined ? {} : { refusal: annotation.refusal }),
  }));
}
