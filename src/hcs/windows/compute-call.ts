import { HcsResult, describeResult, isPending } from "../results.ts";
import type { CallResult } from "./bindings/signature.ts";
import { withDeadline } from "./deadline.ts";
import { computeFailure, type Subject } from "./result-document.ts";
import { parseJson } from "../../base/lossless-json.ts";

/** What a call gave that did not fail. */
export interface Answer<Out extends unknown[]> {
  out: Out;
  /** Whether the service goes on with it and will tell when it is done. */
  isPending: boolean;
}

/** A call of the service and how to deal with it. */
export interface Request<Out extends unknown[]> {
  subject: Subject;
  call: Promise<CallResult<Out>>;
  /** Milliseconds. */
  timeout: number;
  /** Whether the service may answer that it goes on. */
  mayPend?: boolean;
  /** Gives back what a call brings that returns too late; handles are null if it failed. */
  late?: (out: Out) => unknown;
}

/**
 * Waits for a call and checks its result.
 *
 * @throws {ComputeError} with the events of the result document; isTimeout when the call did not return in time
 */
export async function answerOf<Out extends unknown[]>(request: Request<Out>): Promise<Answer<Out>> {
  const { subject, timeout, late } = request;
  const { value, out } = await withDeadline(request.call, {
    ms: timeout,
    subject,
    ...(late === undefined ? {} : { late: ({ out: lateOut }) => late(lateOut) }),
  });
  if (value < 0x8000_0000) return { out, isPending: false };
  const document = out.at(-1);
  const failure = computeFailure(subject, value, typeof document === "string" ? document : undefined);
  if (request.mayPend === true && isPending(failure)) return { out, isPending: true };
  throw failure;
}

/**
 * Reads a document of the service. Integers above 2^53 are kept.
 *
 * @throws {ComputeError} ERROR_INVALID_DATA if it is absent or no JSON object or array
 */
export function readDocument(subject: Subject, text: string | null): unknown {
  let value: unknown;
  try {
    value = parseJson(text ?? "");
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null) return value;
  const { meaning } = describeResult(HcsResult.INVALID_DATA);
  throw computeFailure(subject, HcsResult.INVALID_DATA, JSON.stringify({ ErrorMessage: meaning }));
}
