/** Measures how long each phase of a command takes. */
export class Phases {
  readonly #times: Record<string, number> = {};
  #last: number;

  /** Starts with the time since the process began. */
  constructor() {
    this.#last = performance.now();
    this.#times["start-up"] = this.#last;
  }

  /** Ends a phase. */
  mark(name: string): void {
    const now = performance.now();
    this.#times[name] = (this.#times[name] ?? 0) + now - this.#last;
    this.#last = now;
  }

  /** Milliseconds by phase. */
  times(): Readonly<Record<string, number>> {
    return this.#times;
  }
}
