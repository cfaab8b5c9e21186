import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Matchers, TestRunner } from "./test-runner.ts";

/** What came of all tests. */
export interface RunResult {
  passed: number;
  /** Name and reason of each failed test. */
  failures: string[];
}

type Step = { name: string; body: () => Promise<void>; timeout?: number | undefined };

/** How tests are run. */
export interface RunOptions {
  /** Part of the names of the tests to run; empty for all. */
  only?: string;
  /** Milliseconds after which a test has failed. */
  timeout?: number;
  /** Told of each test that has ended, and how many milliseconds it took. */
  onEnd?: (name: string, ms: number) => void;
}

/** A test runner of a few lines, for platforms that have no other. */
export class PlainRunner implements TestRunner {
  readonly #only: string;
  readonly #timeout: number | undefined;
  readonly #onEnd: RunOptions["onEnd"];
  readonly #path: string[] = [];
  readonly #before: Step[] = [];
  readonly #tests: Step[] = [];
  readonly #after: Step[] = [];

  constructor({ only = "", timeout, onEnd }: RunOptions = {}) {
    this.#onEnd = onEnd;
    this.#only = only;
    this.#timeout = timeout;
  }

  readonly describe = (name: string, body: () => void): void => {
    this.#path.push(name);
    body();
    this.#path.pop();
  };

  readonly test = (name: string, body: () => Promise<void>, timeout?: number): void => {
    this.#tests.push({ name: [...this.#path, name].join(" > "), body, timeout });
  };

  readonly beforeAll = (body: () => Promise<void>): void => {
    this.#before.push({ name: "before all", body });
  };

  readonly afterAll = (body: () => Promise<void>): void => {
    this.#after.push({ name: "after all", body });
  };

  readonly expect = (value: unknown): Matchers => ({
    toBe: (expected) => strictEqual(value, expected),
    toEqual: (expected) => deepStrictEqual(value, expected),
    toContain: (part) => ok(contains(value, part), `${String(value)} does not contain ${String(part)}`),
    toMatch: (pattern) =>
      ok(pattern.test(String(value)), `${String(value)} does not match ${String(pattern)}`),
    toBeGreaterThan: (bound) => ok(Number(value) > bound, `${String(value)} is not above ${bound}`),
  });

  /** Runs what has been declared, in order. */
  async run(): Promise<RunResult> {
    const result: RunResult = { passed: 0, failures: [] };
    const tests = this.#tests.filter(({ name }) => name.includes(this.#only));
    for (const { name, body, timeout } of [...this.#before, ...tests, ...this.#after]) {
      const started = Date.now();
      try {
        await this.#limited(body(), timeout ?? this.#timeout);
        result.passed++;
      } catch (error) {
        result.failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
      this.#onEnd?.(name, Date.now() - started);
    }
    return result;
  }

  async #limited(test: Promise<void>, timeout: number | undefined): Promise<void> {
    if (timeout === undefined) return test;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${timeout} ms`)), timeout);
    });
    await Promise.race([test, limit]).finally(() => clearTimeout(timer));
  }
}

function contains(value: unknown, part: unknown): boolean {
  if (Array.isArray(value)) return value.includes(part);
  return typeof value === "string" && value.includes(String(part));
}
