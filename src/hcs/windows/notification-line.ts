import { deferred, type Deferred } from "./deferred.ts";
import type { HcsNotification } from "./notification-types.ts";

/** A notification that someone waits for. */
export interface Expectation {
  readonly arrival: Promise<HcsNotification>;
  /** Ends the wait without a notification. */
  cancel(): void;
}

/** Most notifications that one slow reader is kept; then the oldest are dropped. */
const MOST_UNREAD = 4096;

/**
 * The notifications of one system or process: hands each to whoever waits for its type, and to all readers.
 * A type that nobody waits for is not kept, except by readers.
 */
export class NotificationLine {
  readonly #expected = new Map<number, Set<Deferred<HcsNotification>>>();
  readonly #readers = new Set<(notification: HcsNotification | undefined) => void>();
  #end: { error: unknown } | undefined;

  /** Waits for the next notification of a type. The wait fails when the line ends. */
  expect(type: number): Expectation {
    const wait = deferred<HcsNotification>();
    if (this.#end !== undefined) wait.reject(this.#end.error);
    const waits = this.#expected.get(type) ?? new Set();
    this.#expected.set(type, waits.add(wait));
    return { arrival: wait.promise, cancel: () => waits.delete(wait) };
  }

  /** Takes a notification in. */
  push(notification: HcsNotification): void {
    const waits = this.#expected.get(notification.type) ?? [];
    this.#expected.delete(notification.type);
    for (const wait of waits) wait.resolve(notification);
    for (const reader of this.#readers) reader(notification);
  }

  /** Ends the line: who waits gets the error, readers end. */
  end(error: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const waits of this.#expected.values()) for (const wait of waits) wait.reject(error);
    for (const reader of this.#readers) reader(undefined);
  }

  /** Yields every notification from now on, until the line ends or `abort` fires. */
  read(abort: AbortSignal): AsyncIterable<HcsNotification> {
    const unread: HcsNotification[] = [];
    let isOver = this.#end !== undefined || abort.aborted;
    let wake = deferred<void>();
    const reader = (notification: HcsNotification | undefined): void => {
      if (notification === undefined) isOver = true;
      else if (unread.push(notification) > MOST_UNREAD) unread.shift();
      wake.resolve();
    };
    const stop = (): void => reader(undefined);
    this.#readers.add(reader);
    abort.addEventListener("abort", stop);
    const forget = (): void => {
      this.#readers.delete(reader);
      abort.removeEventListener("abort", stop);
    };
    return (async function* () {
      try {
        for (;;) {
          const next = unread.shift();
          if (next !== undefined) yield next;
          else if (isOver) return;
          else {
            await wake.promise;
            wake = deferred();
          }
        }
      } finally {
        forget();
      }
    })();
  }
}
