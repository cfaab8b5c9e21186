import type { Readable, Writable } from "node:stream";

/** How a copy is bounded. */
export interface CopyLimits {
  /** How many bytes are copied at most; all if absent. What is behind them stays in the source. */
  most?: number | undefined;
  /** Ends the copy. What has arrived and was not copied stays in the source. */
  signal: AbortSignal;
  /** Is told of the length of each piece that the target has taken. */
  onCopied: (length: number) => void;
}

/** One of the two streams of a copy has failed. */
export class CopyFault extends Error {
  readonly side: "source" | "target";

  constructor(side: "source" | "target", cause: unknown) {
    super(`the ${side} of a copy failed`, { cause });
    this.side = side;
  }
}

const READ_EVENTS = ["readable", "end", "close", "error"];
const WRITE_EVENTS = ["drain", "close", "error"];

/**
 * Copies from one stream to another, as fast as the slower of both. Neither is ended or destroyed. Returns once the
 * source has ended or the limit is reached, and the target has taken everything; or when the signal comes.
 *
 * @throws {CopyFault} if a stream fails, or the target is closed
 */
export async function copyBytes(from: Readable, to: Writable, limits: CopyLimits): Promise<void> {
  const faults: CopyFault[] = [];
  const sourceFails = (error: unknown): void => void faults.push(new CopyFault("source", error));
  const targetFails = (error: unknown): void => void faults.push(new CopyFault("target", error));
  from.on("error", sourceFails);
  to.on("error", targetFails);
  try {
    if (from.errored !== null) sourceFails(from.errored);
    await copyWhile(() => faults.length === 0, from, to, limits);
    if (faults[0] !== undefined) throw faults[0];
    // A stream that has just been destroyed tells of its error later.
    if (from.errored !== null) throw new CopyFault("source", from.errored);
    if (to.errored !== null) throw new CopyFault("target", to.errored);
  } finally {
    // Errors that are still to come, also of what has not been written, are nobody else's.
    if (from.errored !== null) from.once("error", ignore);
    if (to.errored !== null || to.writableLength > 0) to.once("error", ignore);
    from.off("error", sourceFails);
    to.off("error", targetFails);
  }
}

function ignore(): void {}

async function copyWhile(
  isSound: () => boolean,
  from: Readable,
  to: Writable,
  { most = Number.POSITIVE_INFINITY, signal, onCopied }: CopyLimits,
): Promise<void> {
  let taken = 0;
  let lastWrite: Promise<void> | undefined;
  while (taken < most && !signal.aborted && isSound()) {
    const chunk = readChunk(from, most - taken);
    if (chunk === undefined) {
      if (from.readableEnded || from.destroyed) break;
      await oneOf(from, READ_EVENTS, signal);
      continue;
    }
    if (to.destroyed) throw new CopyFault("target", undefined);
    taken += chunk.length;
    let isEager = true;
    lastWrite = new Promise((resolve) => {
      isEager = to.write(chunk, (error) => {
        if (error === null || error === undefined) onCopied(chunk.length);
        resolve();
      });
    });
    if (!isEager) await oneOf(to, WRITE_EVENTS, signal);
  }
  if (lastWrite !== undefined) await Promise.race([lastWrite, whenAborted(signal)]);
}

/** Writes to a stream, and waits until it takes more or is closed. */
export async function writeChunk(to: Writable, chunk: Uint8Array): Promise<void> {
  if (!to.write(chunk)) await oneOf(to, WRITE_EVENTS);
}

/** Takes what has arrived, and gives back what is too much. */
function readChunk(from: Readable, most: number): Buffer | undefined {
  const read: unknown = from.read();
  if (read === null) return undefined;
  const chunk = typeof read === "string" ? Buffer.from(read) : (read as Buffer);
  if (chunk.length <= most) return chunk;
  from.unshift(chunk.subarray(most));
  return chunk.subarray(0, most);
}

function oneOf(stream: Readable | Writable, events: readonly string[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
    signal?.addEventListener("abort", done);
    if (stream.destroyed || signal?.aborted === true) done();
  });
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
