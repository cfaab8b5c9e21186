/** Turns breaches of a schema into faults that say in plain words what was found and what is allowed. */
import type { BundleFault } from "../base/errors.ts";
import type { SchemaBreach } from "./validate-function.ts";

const shownLength = 60;

/** A fault at a value that is there but wrong; `allowed` continues the words "must be". */
export function faultAt(pointer: string, found: unknown, allowed: string): BundleFault {
  return { pointer, message: `found ${shown(found)}, must be ${allowed}` };
}

/** A fault at a value that is absent. */
export function missingAt(pointer: string): BundleFault {
  return { pointer, message: "missing, but required" };
}

/** A fault at a member that its schema does not know. */
function unknownAt(pointer: string, name: unknown): BundleFault {
  return { pointer: `${pointer}/${escapeToken(String(name))}`, message: "not a member of this document" };
}

/**
 * Words every breach of a schema.
 *
 * @param patternTexts what each pattern of the schema allows
 */
export function toFaults(
  breaches: readonly SchemaBreach[],
  document: unknown,
  patternTexts: Readonly<Record<string, string>>,
): BundleFault[] {
  return breaches.map(({ instancePath, keyword, params }) => {
    if (keyword === "required")
      return missingAt(`${instancePath}/${escapeToken(String(params["missingProperty"]))}`);
    if (keyword === "additionalProperties") return unknownAt(instancePath, params["additionalProperty"]);
    return faultAt(instancePath, valueAt(document, instancePath), allowedBy(keyword, params, patternTexts));
  });
}

/** The value that a JSON pointer names, undefined if there is none. */
export function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const token of tokensOf(pointer)) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, token)?.value;
  }
  return value;
}

/** Removes what a JSON pointer names from a document; an element of an array leaves a hole. */
export function removeAt(document: unknown, pointer: string): void {
  const parent = valueAt(document, pointer.slice(0, pointer.lastIndexOf("/")));
  const key = tokensOf(pointer).at(-1);
  if (typeof parent === "object" && parent !== null && key !== undefined) Reflect.deleteProperty(parent, key);
}

/** A JSON pointer (RFC 6901) made of property names and indexes. */
export function pointerTo(...tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${escapeToken(String(token))}`).join("");
}

/** Shows a value on one line: at most 60 characters, control characters escaped, no contents of structures. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  const short = value.length > shownLength ? `${value.slice(0, shownLength)}...` : value;
  return onOneLine(JSON.stringify(short));
}

/** Escapes whatever could break or disturb a line: control characters, line separators, bidirectional marks. */
export function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

function allowedBy(
  keyword: string,
  params: SchemaBreach["params"],
  patternTexts: Readonly<Record<string, string>>,
): string {
  const limit = params["limit"];
  if (keyword === "type") return typeNames(params["type"]);
  if (keyword === "const") return shown(params["allowedValue"]);
  if (keyword === "enum") return oneOf(params["allowedValues"]);
  if (keyword === "pattern") return patternTexts[String(params["pattern"])] ?? "something else";
  if (keyword === "minimum") return `at least ${exact(limit)}`;
  if (keyword === "maximum") return `at most ${exact(limit)}`;
  if (keyword === "exclusiveMaximum") return `at most ${exact(limit, 1n)}`;
  if (keyword === "minItems")
    return `an array of at least ${String(limit)} ${limit === 1 ? "entry" : "entries"}`;
  if (keyword === "maxItems")
    return limit === 0 ? "an empty array" : `an array of at most ${String(limit)} entries`;
  throw new Error(`unreachable: no words for the schema keyword ${keyword}`);
}

/** The digits of an integer bound, which as a double may print in another form. */
function exact(limit: unknown, less = 0n): string {
  return typeof limit === "number" ? String(BigInt(limit) - less) : String(limit);
}

function typeNames(type: unknown): string {
  const names = Array.isArray(type) ? type : [type];
  return names.map((name) => (/^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`)).join(" or ");
}

function oneOf(values: unknown): string {
  const texts = Array.isArray(values) ? values.map(shown) : [];
  return texts.length === 1 ? texts.join("") : `one of ${texts.join(", ")}`;
}

function tokensOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function escapeToken(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}
