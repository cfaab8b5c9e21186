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
 * FFI: takes the handles over; each is closed with its stream.
 */
export function openProcessStreams(
  { StdInput, StdOutput, StdError }: ProcessInformation,
  openDescriptor: OpenDescriptor,
): ProcessStreams {
  const streams: ProcessStreams = {};
  if (isPresent(StdInput)) streams.stdin = writable(openDescriptor(StdInput));
  if (isPresent(StdOutput)) streams.stdout = readable(openDescriptor(StdOutput));
  if (isPresent(StdError)) streams.stderr = readable(openDescriptor(StdError));
  return streams;
}

/** Closes the pipes of a process that nobody wants. */
export function discardPipes(information: ProcessInformation, openDescriptor: OpenDescriptor): void {
  const { StdInput, StdOutput, StdError } = information;
  for (const handle of [StdInput, StdOutput, StdError])
    if (isPresent(handle)) closeSync(openDescriptor(handle));
}

function isPresent(handle: Handle): handle is bigint {
  return handle !== null && handle !== 0n;
}

function readable(fd: number): Readable {
  return new Socket({ fd, readable: true, writable: false });
}

function writable(fd: number): Writable {
  const stream = new Socket({ fd, readable: false, writable: true });
  // A process may end without reading all: its exit tells that. Callers that care add a listener of their own.
  stream.on("error", () => undefined);
  return stream;
}
