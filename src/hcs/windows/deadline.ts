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
export function withDeadline<T>(promise: Promise<T>, { ms, subject, late }: Deadline<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      reject(computeFailure(subject, HcsResult.OPERATION_TIMEOUT));
    }, ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        if (isOver) late?.(value);
        else resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
