/** Keeps a number of values by number, those used last. */
export class LeastRecentlyUsed<Value> {
  readonly #values = new Map<number, Value>();
  readonly #most: number;

  /** Keeps at most `most` values. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a key, if it is still kept. */
  get(key: number): Value | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  /** Keeps a value, and drops the one that has not been used for the longest time if there are too many. */
  set(key: number, value: Value): void {
    this.#values.set(key, value);
    if (this.#values.size <= this.#most) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }
}
