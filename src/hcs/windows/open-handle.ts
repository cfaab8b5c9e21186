import { ComputeError, HcsResult } from "../results.ts";
import { deferred } from "./deferred.ts";
import type { Subject } from "./result-document.ts";

/**
 * A handle of the service that is closed once, and not while a call uses it: the service may give its number
 * to something else at once.
 */
export class OpenHandle {
  readonly #handle: bigint;
  readonly #release: (handle: bigint) => Promise<unknown>;
  readonly #idle = deferred<void>();
  #users = 0;
  #closing: Promise<void> | undefined;

  constructor(handle: bigint, release: (handle: bigint) => Promise<unknown>) {
    this.#handle = handle;
    this.#release = release;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Calls the service with the handle. @throws {ComputeError} ERROR_INVALID_HANDLE once it is closed */
  async use<T>(subject: Subject, call: (handle: bigint) => Promise<T>): Promise<T> {
    if (this.isClosed) throw alreadyClosed(subject);
    this.#users++;
    try {
      return await call(this.#handle);
    } finally {
      this.#users--;
      if (this.#users === 0 && this.isClosed) this.#idle.resolve();
    }
  }

  /** Closes the handle after the last call that uses it. Later calls of this method wait for the same. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#users > 0) await this.#idle.promise;
    await this.#release(this.#handle);
  }
}

/** The failure of a call on what this program has closed. */
export function alreadyClosed(subject: Subject): ComputeError {
  const object = subject.systemId === undefined ? "" : ` "${subject.systemId}"`;
  return new ComputeError({
    ...subject,
    hresult: HcsResult.INVALID_HANDLE,
    message: `Cannot ${subject.operation}${object}: its handle is closed`,
  });
}
