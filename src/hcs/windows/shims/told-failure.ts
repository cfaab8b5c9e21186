/**
 * How a failure gets from a process of runhcs that stays behind to the one that waits for it: its text, and behind a
 * NUL, as JSON, what else is known of it.
 */
import { ProcessError, RuntimeError, type ErrorCode } from "../../../base/errors.ts";
import { parseJson } from "../../../base/lossless-json.ts";
import { ComputeError } from "../../results.ts";

/** What is told of a failure beside its text. */
interface Details {
  hint?: string;
  /** Of the service, with what was tried on which system. */
  result?: { operation: string; systemId?: string; hresult: number };
  /** What the clean-up after it could not do. */
  suppressed?: string[];
}

/** The text that stands for a failure; one that is a bug of this program says so with its place. */
export function failureText(error: unknown): string {
  if (!(error instanceof RuntimeError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const details = JSON.stringify(detailsOf(error));
  return details === "{}" ? error.message : `${error.message}\0${details}`;
}

/** The failure that a text stands for, under a code of the reader's own. The result of the service is in its cause. */
export function toldFailure(
  text: string,
  code: Extract<ErrorCode, "UVM_REFUSED" | "PROCESS_FAILED">,
): RuntimeError {
  const [message = "", json = "{}"] = text.split("\0", 2);
  const { hint, result, suppressed = [] } = parseDetails(json);
  const options = {
    ...(hint === undefined ? {} : { hint }),
    ...(result === undefined ? {} : { cause: new ComputeError({ ...result, message }) }),
  };
  const failure =
    code === "PROCESS_FAILED" ? new ProcessError(message, options) : new RuntimeError(code, message, options);
  failure.suppressed.push(...suppressed.map((said) => new RuntimeError(code, said)));
  return failure;
}

function detailsOf(error: RuntimeError): Details {
  const { hint, suppressed } = error;
  const service = [error, error.cause].find((candidate) => candidate instanceof ComputeError);
  return {
    ...(hint === undefined ? {} : { hint }),
    ...(service === undefined ? {} : { result: resultOf(service) }),
    ...(suppressed.length === 0 ? {} : { suppressed: suppressed.map(messageOf) }),
  };
}

function resultOf({ operation, systemId, hresult }: ComputeError): NonNullable<Details["result"]> {
  return { operation, hresult, ...(systemId === undefined ? {} : { systemId }) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A text that was cut off, or is another program's, has no details. */
function parseDetails(json: string): Details {
  try {
    const value: unknown = parseJson(json);
    return isDetails(value) ? value : {};
  } catch {
    return {};
  }
}

function isDetails(value: unknown): value is Details {
  if (typeof value !== "object" || value === null) return false;
  const { hint, result, suppressed = [] }: Partial<Record<keyof Details, unknown>> = value;
  const { operation, systemId, hresult } = (result ?? {}) as Record<string, unknown>;
  return (
    isOptional(hint, "string") &&
    (result === undefined || (typeof operation === "string" && typeof hresult === "number")) &&
    isOptional(systemId, "string") &&
    Array.isArray(suppressed) &&
    suppressed.every((said) => typeof said === "string")
  );
}

function isOptional(value: unknown, type: "string"): boolean {
  return value === undefined || typeof value === type;
}
