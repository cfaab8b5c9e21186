/**
 * Lets the actions on one key run one after the other, in the order in which they were asked for; those on
 * different keys run side by side.
 */
export class KeyQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `action` when the earlier ones on `key` have ended, however they have. @returns what it returns */
  async run<T>(key: string, action: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = (before ?? Promise.resolve()).then(action, action);
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}
