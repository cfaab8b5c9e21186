import type { Readable, Writable } from "node:stream";
import { copyBytes, writeChunk } from "../../copy-bytes.ts";
import type { HcsProcess } from "../compute-process.ts";
import type { ShimDescriptors } from "../../shims.ts";
import { openInput, openOutput } from "./standard-streams.ts";

/** Milliseconds without a byte after which the output of a process that has ended is over, whoever else holds it. */
const OUTPUT_GRACE = 5000;

/**
 * Copies between descriptors and the streams of a process until that has ended and its output is through. A reader
 * that is slow stops the process that writes; one that has gone stops nothing.
 *
 * @returns the exit code of the process
 * @throws {ComputeError} if the service ends
 */
export async function copyStreams(process: HcsProcess, descriptors: ShimDescriptors): Promise<number> {
  const { stdin, stdout, stderr } = process.streams;
  const input = stdin === undefined ? undefined : openInput(descriptors.stdin);
  if (stdin !== undefined) void copyInput(input, stdin, process);
  const outputs = [
    copyOutput(stdout, openOutput(descriptors.stdout)),
    copyOutput(stderr, openOutput(descriptors.stderr)),
  ];
  try {
    const code = await process.wait();
    for (const output of outputs) output.expectEnd();
    await Promise.all(outputs.map(({ done }) => done));
    return code;
  } finally {
    input?.destroy();
  }
}

async function copyInput(from: Readable | undefined, to: Writable, process: HcsProcess): Promise<void> {
  const { signal } = new AbortController();
  // An input that breaks has ended; one that the process does not read any more is not wanted.
  if (from !== undefined)
    await copyBytes(from, to, { signal, onCopied: () => undefined }).catch(() => from.destroy());
  await process.closeStdin().catch(() => undefined);
}

/** A copy under way. */
interface OutputCopy {
  done: Promise<void>;
  /** Ends the copy if its source stays silent from now on. */
  expectEnd(): void;
}

function copyOutput(from: Readable | undefined, to: Writable | undefined): OutputCopy {
  if (from === undefined) return { done: Promise.resolve(), expectEnd: () => undefined };
  let isGone = to === undefined;
  let isWaiting = false;
  let timer: NodeJS.Timeout | undefined;
  let isEnding = false;
  const restart = (): void => {
    clearTimeout(timer);
    if (isEnding && !isWaiting) timer = setTimeout(() => from.destroy(), OUTPUT_GRACE);
  };
  to?.on("error", () => (isGone = true));
  const copy = async (): Promise<void> => {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (isGone || to === undefined) continue;
      isWaiting = true;
      await writeChunk(to, chunk);
      isWaiting = false;
      restart();
    }
  };
  // Also what came before the source broke, or was given up, has to be written.
  const done = copy()
    .catch(() => undefined)
    .then(() => clearTimeout(timer))
    .then(() => finished(to));
  return {
    done,
    expectEnd: () => {
      isEnding = true;
      restart();
    },
  };
}

/** Waits until everything is written. */
function finished(stream: Writable | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (stream === undefined || stream.destroyed) return resolve();
    stream.once("error", () => resolve());
    stream.once("close", () => resolve());
    stream.end(() => resolve());
  });
}
