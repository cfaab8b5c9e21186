import type { Readable, Writable } from "node:stream";
import { cleanUpAfter } from "../base/errors.ts";
import { copyBytes, CopyFault } from "./copy-bytes.ts";
import {
  StreamError,
  type ByteCounts,
  type ProcessOutcome,
  type ProcessRun,
  type StreamName,
} from "./process-run.ts";
import { isAlreadyStopped } from "./results.ts";

/** A process that runs, as whoever follows it sees it. */
export interface FollowedProcess {
  readonly streams: { stdin?: Writable; stdout?: Readable; stderr?: Readable };
  /** Waits for its end. @returns its exit code */
  wait(): Promise<number>;
  /** Ends the process. */
  kill(): Promise<void>;
  /** Ends its input, once it has taken all of it. */
  closeStdin(): Promise<void>;
}

/** One stream on its way. */
interface Carriage {
  name: StreamName;
  count: keyof ByteCounts;
  from: Readable;
  to: Writable;
  /** What is done once the last byte is copied. */
  close(): Promise<void>;
}

/** What all streams of one process have in common. */
interface Following {
  run: ProcessRun;
  subject: string;
  copied: ByteCounts;
  /** Comes when nothing is wanted any more. */
  stop: AbortController;
  /** Comes when the process has ended, which then reads nothing. */
  hasEnded: AbortController;
}

/**
 * Carries the streams of a process until they are through and it has ended. If that fails, the process is killed.
 *
 * A process that stops reading its input is no failure unless the number of bytes is given. Where fewer bytes of
 * output are asked for than it has, its end of the stream is closed behind them.
 *
 * @param subject names the process in messages
 * @throws {StreamError} if a stream is too short, too slow, or broken at the caller's end
 */
export async function followProcess(
  process: FollowedProcess,
  run: ProcessRun,
  subject: string,
): Promise<ProcessOutcome> {
  const following: Following = {
    run,
    subject,
    copied: { in: 0, out: 0, err: 0 },
    stop: new AbortController(),
    hasEnded: new AbortController(),
  };
  const exit = process.wait().finally(() => following.hasEnded.abort());
  exit.catch(() => undefined);
  try {
    await Promise.race([carryAll(carriages(process, run), following), rejectionOf(exit)]);
    return { exitCode: await exit, byteCounts: following.copied };
  } catch (error) {
    throw await cleanUpAfter(error, () => endProcess(process));
  } finally {
    following.stop.abort();
  }
}

/** @throws {RangeError} if a number of bytes or of milliseconds is none */
export function checkRun({ byteCounts = {}, copyTimeout = 0 }: ProcessRun): void {
  const isWrong = [...Object.values(byteCounts), copyTimeout].some(
    (value) => !Number.isSafeInteger(value) || value < 0,
  );
  if (isWrong) throw new RangeError(`Cannot copy ${JSON.stringify({ byteCounts, copyTimeout })}`);
}

function carriages(process: FollowedProcess, { ends = {} }: ProcessRun): Carriage[] {
  const { stdin, stdout, stderr } = process.streams;
  const found: Carriage[] = [];
  if (stdin !== undefined && ends.stdin !== undefined)
    found.push({
      name: "stdin",
      count: "in",
      from: ends.stdin,
      to: stdin,
      close: () => process.closeStdin(),
    });
  const close = (stream: Readable) => async (): Promise<void> => void stream.destroy();
  if (stdout !== undefined && ends.stdout !== undefined)
    found.push({ name: "stdout", count: "out", from: stdout, to: ends.stdout, close: close(stdout) });
  if (stderr !== undefined && ends.stderr !== undefined)
    found.push({ name: "stderr", count: "err", from: stderr, to: ends.stderr, close: close(stderr) });
  return found;
}

async function carryAll(all: readonly Carriage[], following: Following): Promise<void> {
  const { copyTimeout } = following.run;
  const waiting = new Set(all);
  const copies = Promise.all(
    all.map(async (carriage) => {
      await carry(carriage, following);
      waiting.delete(carriage);
    }),
  );
  if (copyTimeout === undefined) return void (await copies);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow([...waiting][0], following)), copyTimeout);
  });
  try {
    await Promise.race([copies, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function carry({ name, count, from, to, close }: Carriage, following: Following): Promise<void> {
  const { run, copied, stop, hasEnded } = following;
  const most = run.byteCounts?.[count] || undefined;
  const isInput = name === "stdin";
  try {
    await copyBytes(from, to, {
      most,
      signal: isInput ? AbortSignal.any([stop.signal, hasEnded.signal]) : stop.signal,
      onCopied: (length) => void (copied[count] += length),
    });
  } catch (error) {
    const side = error instanceof CopyFault ? error.side : undefined;
    // The end that the process has breaks when it does not want to read or write any more, or has ended.
    if (side !== (isInput ? "target" : "source")) throw broken(name, following, error);
  }
  if (stop.signal.aborted) return;
  if (most !== undefined && copied[count] < most) {
    const found = `expected ${most} bytes, found ${copied[count]}`;
    throw new StreamError("STREAM_SHORT", name, { subject: following.subject, found });
  }
  await close();
}

function broken(name: StreamName, { subject }: Following, error: unknown): unknown {
  if (!(error instanceof CopyFault)) return error;
  const reason = error.cause instanceof Error ? error.cause.message : "it is closed";
  const found = `${name === "stdin" ? "its source" : "its target"} failed: ${reason}`;
  return new StreamError("STREAM_BROKEN", name, { subject, found, cause: error.cause });
}

function tooSlow(carriage: Carriage | undefined, { run, subject, copied }: Following): StreamError {
  const { name, count } = carriage ?? ({ name: "stdout", count: "out" } as const);
  const found = `not through after ${run.copyTimeout} ms, with ${copied[count]} bytes copied`;
  return new StreamError("STREAM_TIMEOUT", name, { subject, found });
}

/** Never resolves: whoever waits for it learns of a failure only. */
function rejectionOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => void promise.catch(reject));
}

async function endProcess(process: FollowedProcess): Promise<void> {
  try {
    await process.kill();
  } catch (error) {
    if (!isAlreadyStopped(error)) throw error;
  }
}
