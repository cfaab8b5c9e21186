import { PassThrough, Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { copyBytes, CopyFault } from "../../../src/hcs/copy-bytes.ts";
import { chosenSeed, rounds } from "../../support/soak-rounds.ts";

const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { maxLength: 30 });

/** Copies until the end, the limit or the signal. @returns how many bytes were copied */
async function copy(
  from: Readable,
  to: Writable,
  most?: number,
  signal = new AbortController().signal,
): Promise<number> {
  let copied = 0;
  await copyBytes(from, to, { most, signal, onCopied: (length) => (copied += length) });
  return copied;
}

/** The streams between which was copied have nobody who listens any more. */
function expectQuiet(...streams: (Readable | Writable)[]): void {
  for (const stream of streams)
    for (const event of ["readable", "drain", "error"]) expect(stream.listenerCount(event)).toBe(0);
}

describe("a copy", () => {
  test("has the first bytes of the source, and the others stay there", async () => {
    const property = fc.asyncProperty(
      chunks,
      fc.nat(40_000),
      fc.integer({ min: 1, max: 5000 }),
      async (given, most, highWaterMark) => {
        const from = Readable.from(
          given.map((bytes) => Buffer.from(bytes)),
          { objectMode: false },
        );
        const to = new PassThrough({ highWaterMark });
        const all = Buffer.concat(given);
        const target = buffer(to);
        const expected = most === 0 ? all.length : Math.min(most, all.length);
        expect(await copy(from, to, most || undefined)).toBe(expected);
        to.end();
        expect((await target).equals(all.subarray(0, expected))).toBe(true);
        expect((await buffer(from)).equals(all.subarray(expected))).toBe(true);
      },
    );
    await fc.assert(property, { numRuns: rounds(5000, 100), seed: chosenSeed() });
  });

  test("takes no more than the target does", async () => {
    const stalled = new Writable({ highWaterMark: 10, write: () => undefined });
    let given = 0;
    const from = new Readable({
      highWaterMark: 10,
      read: () => {
        given += 10;
        from.push(Buffer.alloc(10));
      },
    });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 100);
    expect(await copy(from, stalled, undefined, abort.signal)).toBe(0);
    expect(given).toBeLessThan(100);
    expect(from.listenerCount("readable") + stalled.listenerCount("drain")).toBe(0);
  });

  test("that is stopped leaves what comes later", async () => {
    const from = new PassThrough();
    const to = new PassThrough();
    const abort = new AbortController();
    const copied = copy(from, to, undefined, abort.signal);
    from.write("early");
    setTimeout(() => abort.abort(), 50);
    expect(await copied).toBe(5);
    from.end("late");
    expect((await buffer(from)).toString()).toBe("late");
    expectQuiet(to);
  });

  test("tells which stream has failed, also if that was before", async () => {
    const torn = (): Readable => new Readable({ read: () => undefined });
    const side = async (from: Readable, to: Writable): Promise<string> => {
      const error: unknown = await copy(from, to).catch((reason: unknown) => reason);
      return error instanceof CopyFault ? `${error.side}: ${String(error.cause)}` : String(error);
    };
    const early = torn();
    early.on("error", () => undefined);
    early.destroy(new Error("early"));
    expect(await side(early, new PassThrough())).toBe("source: Error: early");
    const late = torn();
    setTimeout(() => late.destroy(new Error("late")), 20);
    expect(await side(late, new PassThrough())).toBe("source: Error: late");
    const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error("full")) });
    expect(await side(Readable.from([Buffer.from("x")]), full)).toBe("target: Error: full");
    const closed = new PassThrough();
    closed.destroy();
    expect(await side(Readable.from([Buffer.from("x")]), closed)).toBe("target: undefined");
  });

  test("of a source that was closed has an end", async () => {
    const from = new PassThrough();
    setTimeout(() => from.destroy(), 20);
    expect(await copy(from, new PassThrough())).toBe(0);
  });
});
