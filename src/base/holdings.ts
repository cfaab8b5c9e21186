import { RuntimeError } from "./errors.ts";

/** What was taken for a container, in the order in which it was, with the way in which each thing is given back. */
export class Holdings {
  #held: (() => Promise<void>)[] = [];

  /** Takes something, and remembers how it is given back. @throws what `take` throws, with nothing remembered */
  async take<T>(take: () => Promise<T>, giveBack: (taken: T) => Promise<void>): Promise<T> {
    const taken = await take();
    this.add(() => giveBack(taken));
    return taken;
  }

  /** Remembers how something is given back that is there already. */
  add(giveBack: () => Promise<void>): void {
    this.#held.push(giveBack);
  }

  /**
   * Gives everything back, the newest first. What fails does not keep the rest, and is tried again by the next call.
   *
   * @throws the first failure, with the others suppressed
   */
  async release(): Promise<void> {
    const failures: unknown[] = [];
    const kept: (() => Promise<void>)[] = [];
    for (const giveBack of this.#held.splice(0).toReversed()) {
      try {
        await giveBack();
      } catch (error) {
        failures.push(error);
        kept.unshift(giveBack);
      }
    }
    this.#held = [...kept, ...this.#held];
    if (failures.length > 0) throw firstOf(failures);
  }
}

function firstOf([first, ...others]: unknown[]): unknown {
  if (first instanceof RuntimeError) first.suppressed.push(...others);
  return first;
}
