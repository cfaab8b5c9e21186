/** An annotation that is known, and what its text means. */
export type Annotation = BoolAnnotation | IntegerAnnotation | ChoiceAnnotation | TextAnnotation;

/** What every annotation has. */
interface CommonParts {
  /** What holds without it, in words. */
  default: string;
  /** What it does, in words. */
  effect: string;
  /** Whether this program acts on it; others are known but change nothing. */
  served: boolean;
  /** Why no container is created on Windows that asks for it: without it, it would be another or less isolated one. */
  refusal?: string;
}

/** `true` or `false`, in any case. */
export interface BoolAnnotation extends CommonParts {
  type: "bool";
}

/** A whole number in decimal. */
export interface IntegerAnnotation extends CommonParts {
  type: "uint8" | "uint32" | "uint64";
  maximum: bigint;
}

/** One of some words. */
export interface ChoiceAnnotation<W extends string = string> extends CommonParts {
  type: "choice";
  words: readonly W[];
}

/** Any text. */
export interface TextAnnotation extends CommonParts {
  type: "string";
}

/** An annotation that is true or false. */
export function bool(effect: string, byDefault = "false"): BoolAnnotation {
  return { type: "bool", default: byDefault, effect, served: true };
}

/** An annotation that is a number of 32 bits, or up to a maximum. */
export function uint32(effect: string, byDefault: string, maximum = 0xffff_ffff): IntegerAnnotation {
  return { type: "uint32", maximum: BigInt(maximum), default: byDefault, effect, served: true };
}

/** An annotation that is a number of 64 bits, or up to a maximum. */
export function uint64(effect: string, byDefault: string, maximum = 2n ** 64n - 1n): IntegerAnnotation {
  return { type: "uint64", maximum, default: byDefault, effect, served: true };
}

/** An annotation that is one of some words. */
export function choice<const W extends string>(
  words: readonly W[],
  effect: string,
  byDefault: string,
): ChoiceAnnotation<W> {
  return { type: "choice", words, default: byDefault, effect, served: true };
}

/** An annotation that is any text. */
export function text(effect: string, byDefault = ""): TextAnnotation {
  return { type: "string", default: byDefault, effect, served: true };
}

/** The same annotation, which is known but changes nothing. */
export function unserved<A extends Annotation>(annotation: A): A {
  return { ...annotation, served: false };
}

/** The same annotation, with which no container is created. @param refusal why, in words */
export function refused<A extends Annotation>(annotation: A, refusal: string): A {
  return { ...annotation, served: false, refusal };
}

/** The type of an annotation in words, with its range or words if it has some. */
export function typeText(annotation: Annotation): string {
  if (annotation.type === "choice") return annotation.words.join("|");
  if (annotation.type === "bool" || annotation.type === "string") return annotation.type;
  const bits = BigInt(annotation.type.slice(4));
  const isWhole = annotation.maximum === 2n ** bits - 1n;
  return isWhole ? annotation.type : `${annotation.type} 0-${annotation.maximum}`;
}
