import { ComputeError } from "../results.ts";
import type { CallResult } from "./bindings/signature.ts";

/** The failure of a function of Windows itself: `what` is a verb and its object, `Cannot <what>: ...`. */
export function systemFailure(what: string, code: number): ComputeError {
  return new ComputeError({ operation: what, hresult: code });
}

/** Checks a function that returns BOOL. @throws {ComputeError} with the last error */
export function requireTrue(what: string, { value, lastError }: CallResult): void {
  if (value === 0) throw systemFailure(what, lastError);
}
