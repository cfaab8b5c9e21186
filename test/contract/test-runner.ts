/** The parts of a test runner that a contract uses, so that it can run under any. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  /** @param timeout in milliseconds, where the usual one is too short */
  test(name: string, body: () => Promise<void>, timeout?: number): void;
  expect(value: unknown, message?: string): Matchers;
  beforeAll(body: () => Promise<void>): void;
  afterAll(body: () => Promise<void>): void;
}

/** What can be expected of a value. */
export interface Matchers {
  toBe(value: unknown): void;
  toEqual(value: unknown): void;
  toContain(value: unknown): void;
  toMatch(pattern: RegExp): void;
  toBeGreaterThan(value: number): void;
}
