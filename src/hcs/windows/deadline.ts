import { deferred } from "./deferred.ts";
import { HcsResult } from "../results.ts";
import { computeFailure, type Subject } from "./result-document.ts";

/** A limit of a wait. */
export interface Deadline<T> {
  ms: number;
  subject: Subject;
  /** Called with what arrives after the limit, so that it can be given back. */
  late?: (value: T) => void;
}

/**
 * Waits for a promise up to a limit. What happens behind it cannot be stopped: it goes on without a waiter.
 *
 * @throws {ComputeError} isTimeout
 */
export async function withDeadline<T>(promise: Promise<T>, { ms, subject, late }: Deadline<T>): Promise<T> {
  const limit = deferred<never>();
  const timer = setTimeout(() => {
    limit.reject(computeFailure(subject, HcsResult.OPERATION_TIMEOUT));
    if (late !== undefined) void giveBack(promise, late);
  }, ms);
  try {
    return await Promise.race([promise, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function giveBack<T>(promise: Promise<T>, late: (value: T) => void): Promise<void> {
  try {
    late(await promise);
  } catch {
    // It failed in the end: there is nothing to give back.
  }
}
