/**
 * Keeps the number of calls under way below a limit; further ones wait their turn.
 *
 * koffi holds a quarter of a mebibyte for each call, and refuses calls above a limit of its own.
 */
export class CallGate {
  readonly #limit: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether calls are under way. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Starts a call now or later. Each has to `leave` once. */
  enter(start: () => void): void {
    if (this.#running >= this.#limit) {
      this.#waiting.push(start);
      return;
    }
    this.#running++;
    start();
  }

  /** Ends a call, and starts the one that has waited longest. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
