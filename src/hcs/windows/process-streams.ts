import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Handle } from "./bindings/handle.ts";
import type { ProcessInformation } from "./bindings/layouts.ts";
import type { OpenDescriptor } from "./bindings/libuv.ts";

/** The streams of a process; one that its document did not ask for is absent. */
export interface ProcessStreams {
  stdin?: Writable;
  stdout?: Readable;
  stderr?: Readable;
}

/**
 * Makes streams of the pipes of a process. The service opens its pipes for overlapped operations, so a stream
 * that waits takes no thread, and a reader that is slow stops the process that writes.
 *
 * FFI: takes the handles over; each is closed with its stream, or if one of them cannot be opened.
 */
export function openProcessStreams(
  information: ProcessInformation,
  openDescriptor: OpenDescriptor,
): ProcessStreams {
  const streams: ProcessStreams = {};
  const left = pipesOf(information);
  try {
    for (let pipe = left.shift(); pipe !== undefined; pipe = left.shift())
      Object.assign(streams, { [pipe.name]: openStream(pipe.name, openDescriptor(pipe.handle)) });
    return streams;
  } catch (error) {
    closeStreams(streams);
    discard(left, openDescriptor);
    throw error;
  }
}

/** Closes the streams of a process, whatever is in them. */
export function closeStreams(streams: ProcessStreams): void {
  const { stdin, stdout, stderr } = streams;
  for (const stream of [stdin, stdout, stderr]) stream?.destroy();
}

/** Closes the pipes of a process that nobody wants. */
export function discardPipes(information: ProcessInformation, openDescriptor: OpenDescriptor): void {
  discard(pipesOf(information), openDescriptor);
}

interface Pipe {
  name: keyof ProcessStreams;
  handle: bigint;
}

function pipesOf({ StdInput, StdOutput, StdError }: ProcessInformation): Pipe[] {
  const all: [Pipe["name"], Handle][] = [
    ["stdin", StdInput],
    ["stdout", StdOutput],
    ["stderr", StdError],
  ];
  return all.flatMap(([name, handle]) => (handle === null || handle === 0n ? [] : [{ name, handle }]));
}

function discard(pipes: readonly Pipe[], openDescriptor: OpenDescriptor): void {
  for (const { handle } of pipes) closeSync(openDescriptor(handle));
}

function openStream(name: Pipe["name"], fd: number): Socket {
  const isInput = name === "stdin";
  const stream = new Socket({ fd, readable: !isInput, writable: isInput });
  // A process may end without reading all: its exit tells that. Callers that care add a listener of their own.
  if (isInput) stream.on("error", () => undefined);
  return stream;
}
