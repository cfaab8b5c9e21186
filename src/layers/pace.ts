import { setImmediate } from "node:timers/promises";
import type { Task } from "./task.ts";

/** A signal that comes while files are read and written synchronously waits so long at most. */
const INTERVAL_MS = 50;

/** Lets signals in while long work goes on, and stops it when one asks for that. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  constructor({ signal }: Task) {
    this.#signal = signal;
  }

  /** Whether `rest` has to be called. */
  get isDue(): boolean {
    return performance.now() - this.#last > INTERVAL_MS;
  }

  /** Lets in what waits. @throws the reason for which the work is stopped */
  async rest(): Promise<void> {
    await setImmediate();
    this.#signal?.throwIfAborted();
    this.#last = performance.now();
  }
}
