const PAGE = 4096;

/** A number of 32 bits for each of many numbers, 0 at first; pages of 16 KiB where there are others than 0. */
export class Counters {
  readonly #pages = new Map<number, Uint32Array>();

  get(key: number): number {
    return this.#pages.get(Math.floor(key / PAGE))?.[key % PAGE] ?? 0;
  }

  set(key: number, value: number): void {
    const index = Math.floor(key / PAGE);
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = new Uint32Array(PAGE);
      this.#pages.set(index, page);
    }
    page[key % PAGE] = value;
  }

  /** Adds one. @returns the new value */
  increase(key: number): number {
    const value = this.get(key) + 1;
    this.set(key, value);
    return value;
  }

  /** All keys whose value is not 0, with it. */
  *entries(): Generator<[key: number, value: number], void> {
    for (const [index, page] of this.#pages) {
      for (const [at, value] of page.entries()) if (value !== 0) yield [index * PAGE + at, value];
    }
  }
}
