import { stringifyJson } from "../../base/lossless-json.ts";
import { onOneLine } from "../../schema/faults.ts";
import type { HnsAnswer } from "../../schema/hns.ts";
import { ComputeError, HcsResult, describeResult } from "../results.ts";
import type { Bindings } from "./bindings/open-bindings.ts";
import { answerOf, readDocument } from "./compute-call.ts";
import { computeFailure, type Subject } from "./result-document.ts";
import type { Timeouts } from "./timeouts.ts";

/** What is asked of the network service. */
export interface NetworkCall {
  method: "GET" | "POST" | "DELETE";
  /** Starts with a slash. */
  path: string;
  body?: object;
  subject: Subject;
}

/** Messages of the service that stand for a result; it does not always give the number. */
const RESULTS: Readonly<Record<string, number>> = {
  "Element not found.": HcsResult.ELEMENT_NOT_FOUND,
  "The parameter is incorrect.": HcsResult.INVALID_PARAMETER,
  "The request is unsupported.": HcsResult.NOT_SUPPORTED,
  "Access is denied.": HcsResult.ACCESS_DENIED,
  "Invalid JSON document string.": HcsResult.INVALID_JSON,
};

const GUID = /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i;

/**
 * Calls the network service.
 *
 * @returns what the answer holds as its output; undefined if it holds none
 * @throws {ComputeError} with the service's own words, where they tell more than the result
 */
export async function callNetworkService(
  { vmcompute }: Bindings,
  { call: timeout }: Timeouts,
  { method, path, body, subject }: NetworkCall,
): Promise<unknown> {
  const text = body === undefined ? "" : stringifyJson(body);
  const { out } = await answerOf({ subject, timeout, call: vmcompute.HNSCall(method, path, text) });
  const answer = readDocument(subject, out[0]) as HnsAnswer & { ErrorCode?: unknown };
  if (answer.Success === true) return answer.Output ?? undefined;
  throw refusal(subject, answer);
}

/** An id as it is put into a path, without braces. @throws {ComputeError} ERROR_INVALID_PARAMETER */
export function requireGuid(subject: Subject, id: string): string {
  const [, guid] = GUID.exec(id) ?? [];
  if (guid !== undefined) return guid;
  throw invalidRequest(subject, "its id is no GUID");
}

/** The refusal of a request that the service is not even asked. */
export function invalidRequest(subject: Subject, found: string): ComputeError {
  return withWords(subject, HcsResult.INVALID_PARAMETER, found);
}

function refusal(subject: Subject, { Error: words, ErrorCode: code }: HnsAnswer & { ErrorCode?: unknown }) {
  const text = typeof words === "string" ? words.trim() : "";
  const given = typeof code === "number" && code !== 0 ? code >>> 0 : undefined;
  const result = given ?? RESULTS[text];
  if (result === undefined) return withWords(subject, HcsResult.FAIL, text);
  const isKnown = describeResult(result).name !== "UNKNOWN_RESULT";
  if (!isKnown && text !== "") return withWords(subject, result, text);
  return computeFailure(subject, result, JSON.stringify({ ErrorMessage: text }));
}

function withWords(subject: Subject, hresult: number, words: string): ComputeError {
  const { name, meaning } = describeResult(hresult);
  const object = subject.systemId === undefined ? "" : ` "${onOneLine(subject.systemId)}"`;
  const said = words === "" ? meaning : onOneLine(words.replace(/\.$/, ""));
  const hex = hresult.toString(16).toUpperCase().padStart(8, "0");
  return new ComputeError({
    ...subject,
    hresult,
    events: [{ Message: words }],
    message: `Cannot ${subject.operation}${object}: ${said} (${name} 0x${hex})`,
  });
}
