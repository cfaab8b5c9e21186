const PAGE_BITS = 2 ** 15;

/** A set of numbers, of which many lie side by side: it takes 4 KiB for each range of 32768 that has one. */
export class NumberSet {
  readonly #pages = new Map<number, Uint8Array>();

  has(number: number): boolean {
    const page = this.#pages.get(Math.floor(number / PAGE_BITS));
    const bit = number % PAGE_BITS;
    return page !== undefined && ((page[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  /** Adds a number. @returns whether it was new */
  add(number: number): boolean {
    const key = Math.floor(number / PAGE_BITS);
    let page = this.#pages.get(key);
    if (page === undefined) {
      page = new Uint8Array(PAGE_BITS / 8);
      this.#pages.set(key, page);
    }
    const bit = number % PAGE_BITS;
    const before = page[bit >>> 3] ?? 0;
    const mask = 1 << (bit & 7);
    page[bit >>> 3] = before | mask;
    return (before & mask) === 0;
  }
}
