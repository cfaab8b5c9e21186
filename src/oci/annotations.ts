/** The table of all annotations that are known. @see `runhcs annotations`, which prints it */
import { onOneLine, shown } from "../schema/faults.ts";
import type {
  Annotation,
  BoolAnnotation,
  ChoiceAnnotation,
  IntegerAnnotation,
} from "./annotations/annotation.ts";
import { CONTAINER_ANNOTATIONS } from "./annotations/container-annotations.ts";
import { PLACEMENT_ANNOTATIONS } from "./annotations/placement-annotations.ts";
import { SECURE_VM_ANNOTATIONS } from "./annotations/secure-vm-annotations.ts";
import { VM_ANNOTATIONS } from "./annotations/vm-annotations.ts";
import { configFault } from "./config-fault.ts";

/** Every annotation that is known, by its name. */
export const ANNOTATIONS = {
  ...PLACEMENT_ANNOTATIONS,
  ...CONTAINER_ANNOTATIONS,
  ...VM_ANNOTATIONS,
  ...SECURE_VM_ANNOTATIONS,
} satisfies Record<string, Annotation>;

/** The name of an annotation that is known. */
export type AnnotationName = keyof typeof ANNOTATIONS;

/** What an annotation's text means. */
export type AnnotationValue<N extends AnnotationName> = (typeof ANNOTATIONS)[N] extends BoolAnnotation
  ? boolean
  : (typeof ANNOTATIONS)[N] extends IntegerAnnotation
    ? number | bigint
    : (typeof ANNOTATIONS)[N] extends ChoiceAnnotation<infer W>
      ? W
      : string;

/** The annotations of a configuration. */
export type AnnotationTexts = Readonly<Record<string, string>> | undefined;

const ACTION = "read the annotations";

/**
 * Reads an annotation. An empty text is the same as none.
 *
 * @returns undefined if it is not set; a number as bigint from 2^53 on
 * @throws {BundleError} `BUNDLE_INVALID`, naming the annotation, its text and what is allowed
 */
export function annotationValue<N extends AnnotationName>(
  annotations: AnnotationTexts,
  name: N,
): AnnotationValue<N> | undefined {
  const text = annotations !== undefined && Object.hasOwn(annotations, name) ? annotations[name] : undefined;
  if (text === undefined || text === "") return undefined;
  return parse(name, text, ANNOTATIONS[name]) as AnnotationValue<N>;
}

function parse(name: string, text: string, annotation: Annotation): boolean | number | bigint | string {
  if (annotation.type === "bool") return parseBool(name, text);
  if (annotation.type === "string") return text;
  if (annotation.type === "choice") return parseChoice(name, text, annotation.words);
  return parseInteger(name, text, annotation.maximum);
}

function parseBool(name: string, text: string): boolean {
  const word = text.toLowerCase();
  if (word === "true" || word === "false") return word === "true";
  throw refusal(name, text, "true or false");
}

function parseChoice(name: string, text: string, words: readonly string[]): string {
  if (words.includes(text)) return text;
  throw refusal(name, text, words.map((word) => JSON.stringify(word)).join(" or "));
}

function parseInteger(name: string, text: string, maximum: bigint): number | bigint {
  if (!/^[0-9]{1,20}$/.test(text) || BigInt(text) > maximum) {
    throw refusal(name, text, `a whole number from 0 to ${maximum}`);
  }
  const value = BigInt(text);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function refusal(name: string, text: string, allowed: string): Error {
  return configFault(ACTION, ["annotations", name], `is ${shown(text)}, must be ${onOneLine(allowed)}`);
}
