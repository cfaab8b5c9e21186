/**
 * JSON with integers of any size: what a double cannot hold becomes a bigint and is written back digit for digit.
 */
import { parse, stringify } from "lossless-json";

/** Documents nest no deeper than this, so that recursion over them cannot exhaust the stack. */
const maximumDepth = 1000;

/**
 * Parses a JSON text; integers beyond ±(2^53 - 1) become bigints. Of equal keys the last one counts.
 *
 * @throws {SyntaxError} if the text is no JSON or nests more than 1000 levels deep
 * @example parseJson('{"limit": 18446744073709551615}') // { limit: 18446744073709551615n }
 */
export function parseJson(text: string): unknown {
  if (hasManyBrackets(text) && nestsTooDeep(text)) {
    throw new SyntaxError(`JSON nests deeper than ${maximumDepth} levels`);
  }
  if (!/[0-9]{16}/.test(text)) return JSON.parse(text);
  return parse(text, null, { parseNumber: toNumberOrBigint, onDuplicateKey: ({ newValue }) => newValue });
}

/**
 * Writes a value as JSON, bigints digit for digit.
 *
 * @param indent spaces per level; one line if absent
 */
export function stringifyJson(value: unknown, indent?: number): string {
  const text = stringifyFast(value, indent) ?? stringify(value, null, indent);
  if (text === undefined) throw new TypeError(`Cannot write a ${typeof value} as JSON`);
  return text;
}

/** The engine's own writer is many times faster, but refuses bigints. @returns undefined if it refuses */
function stringifyFast(value: unknown, indent?: number): string | undefined {
  try {
    return JSON.stringify(value, null, indent);
  } catch (error) {
    if (error instanceof TypeError && /BigInt/i.test(error.message)) return undefined;
    throw error;
  }
}

function toNumberOrBigint(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) || !/^-?[0-9]+$/.test(digits) ? number : BigInt(digits);
}

/** Tells cheaply that a text may nest too deep: nesting takes brackets. */
function hasManyBrackets(text: string): boolean {
  const opening = /[[{]/g;
  for (let count = 0; count <= maximumDepth; count++) if (!opening.test(text)) return false;
  return true;
}

function nestsTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth > maximumDepth) return true;
  }
  return false;
}
