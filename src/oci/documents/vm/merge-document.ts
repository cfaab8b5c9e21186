import { UsageError } from "../../../base/errors.ts";
import { parseJson } from "../../../base/lossless-json.ts";
import { onOneLine, shown } from "../../../schema/faults.ts";

type JsonObject = Record<string, unknown>;

/**
 * Merges JSON over a document: objects member by member, anything else as a whole.
 *
 * What comes out may break the schema, which knows nothing of the caller's intent; check it before it is used.
 *
 * @param json an object, or an empty text for none
 * @throws {UsageError} if it is no JSON object
 */
export function mergeDocument<T extends object>(document: T, json: string): T {
  if (json === "") return document;
  return merged(document as JsonObject, parseObject(json)) as T;
}

function parseObject(json: string): JsonObject {
  let addition: unknown;
  try {
    addition = parseJson(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw refusal(json, onOneLine(error.message), error);
  }
  if (isObject(addition)) return addition;
  throw refusal(json, `it is ${shown(addition)}, must be an object`);
}

function merged(base: JsonObject, addition: JsonObject): JsonObject {
  const members = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(addition)) {
    const old = members.get(name);
    members.set(name, isObject(old) && isObject(value) ? merged(old, value) : value);
  }
  return Object.fromEntries(members);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refusal(json: string, problem: string, cause?: unknown): UsageError {
  return new UsageError(`Cannot merge additional JSON ${shown(json)}: ${problem}`, { cause });
}
