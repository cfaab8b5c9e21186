/** Running a process of a compute system to its end, in terms that hold on every host. */
import type { Readable, Writable } from "node:stream";
import { RuntimeError } from "../base/errors.ts";
import type { OciProcess } from "../schema/oci.ts";

/** Where the standard streams of a process come from and go to; one that is absent is no stream of the process. */
export interface ProcessEnds {
  /** Is read, and left open behind the last byte that was copied. */
  stdin?: Readable;
  /** Is written to, and not ended. */
  stdout?: Writable;
  stderr?: Writable;
}

/** Bytes of the standard streams. */
export interface ByteCounts {
  in: number;
  out: number;
  err: number;
}

/** A process to run, and what is carried between it and the caller. */
export interface ProcessRun {
  /** Arguments, folder, variables and user. */
  process: OciProcess;
  /** Whether it runs in the utility VM itself, beside the containers. Default: whether the system is a VM. */
  inUtilityVm?: boolean;
  ends?: ProcessEnds;
  /**
   * How many bytes of a stream are carried: not one more, and fewer are an error. Absent or 0: all, up to its end.
   */
  byteCounts?: Partial<ByteCounts>;
  /** Milliseconds from the start of the process in which the streams have to be through; for ever if absent. */
  copyTimeout?: number;
}

/** What came of a process. */
export interface ProcessOutcome {
  /** 32 bits unsigned, or -1 if the service has lost it. */
  exitCode: number;
  /** What was carried; 0 for streams that the process did not have. */
  byteCounts: ByteCounts;
}

/** The standard streams by the names that messages call them. */
export type StreamName = "stdin" | "stdout" | "stderr";

/** What is wrong with a stream: too few bytes, too slow, or broken at the caller's end. */
export type StreamErrorCode = "STREAM_SHORT" | "STREAM_TIMEOUT" | "STREAM_BROKEN";

/** A stream of a process could not be carried as it was asked for. */
export class StreamError extends RuntimeError {
  readonly stream: StreamName;

  /** @param problem who it is about, and what was found */
  constructor(
    code: StreamErrorCode,
    stream: StreamName,
    problem: { subject: string; found: string; cause?: unknown },
  ) {
    const { subject, found, cause } = problem;
    super(code, `Cannot copy ${stream} of ${subject}: ${found}`, { cause });
    this.stream = stream;
  }
}
