/** The stable names of failures; scripts and tests branch on these, never on messages. */
export type ErrorCode =
  | "USAGE"
  | "BUNDLE_MISSING"
  | "BUNDLE_INVALID"
  | "CONTAINER_ID"
  | "CONTAINER_NOT_FOUND"
  | "CONTAINER_EXISTS"
  | "CONTAINER_STATUS"
  | "CONTAINER_BUSY"
  | "STATE_INVALID"
  | "STATE_IO"
  | "PLATFORM_UNSUPPORTED"
  | "PLATFORM_MISSING"
  | "PROCESS_FAILED"
  | "STREAM_SHORT"
  | "STREAM_TIMEOUT"
  | "STREAM_BROKEN"
  | "TOOL_FAILED"
  | "LAYER_FORMAT"
  | "LAYER_IO"
  | "LAYER_EXISTS"
  | "LAYER_NOT_FOUND"
  | "LAYER_BUSY"
  | "INTERRUPTED"
  | "UVM_OPTIONS"
  | "UVM_MODIFY"
  | "UVM_NO_LOCATION"
  | "UVM_NOT_ATTACHED"
  | "UVM_ALREADY_ATTACHED"
  | "UVM_NO_SCSI_CONTROLLERS"
  | "UVM_TOO_MANY_ATTACHMENTS"
  | "UVM_SCSI_LAYER_WCOW"
  | "UVM_NOT_SUPPORTED"
  | "UVM_LAYER_TOO_LARGE"
  | "UVM_GUEST_PATH"
  | "UVM_NAMESPACE_NOT_FOUND"
  | "UVM_NIC_NOT_FOUND"
  | "UVM_UNREACHABLE"
  | "UVM_REFUSED"
  | `HCS_${string}`;

/** What a failure may carry beside its message. */
export interface RuntimeErrorOptions {
  /** One imperative sentence that tells what to do. */
  hint?: string;
  cause?: unknown;
}

/**
 * A failure that the user or the calling engine can act on.
 *
 * Its message is one line that names the action, the object and what was found.
 * Anything that is not a `RuntimeError` is a bug in this program and prints its stack.
 */
export class RuntimeError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** Failures of the clean-up that followed this one; they never replace it. */
  readonly suppressed: unknown[] = [];
  /** Whether a program that shares the caller's stderr has written this failure there already. */
  alreadyPrinted = false;

  constructor(code: ErrorCode, message: string, options: RuntimeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** The command line cannot be understood or asks for something contradictory. */
export class UsageError extends RuntimeError {
  constructor(message: string, options?: RuntimeErrorOptions) {
    super("USAGE", message, options);
  }
}

/** One thing that is wrong with a bundle. */
export interface BundleFault {
  /** JSON pointer (RFC 6901) to the value; empty for the document itself. */
  pointer: string;
  /** What was found and what is allowed, without a final period. */
  message: string;
}

/** A bundle is missing or its config.json breaks the OCI runtime specification. */
export class BundleError extends RuntimeError {
  readonly path: string;
  readonly faults: readonly BundleFault[];

  constructor(
    code: "BUNDLE_MISSING" | "BUNDLE_INVALID",
    path: string,
    message: string,
    options: RuntimeErrorOptions & { faults?: readonly BundleFault[] } = {},
  ) {
    super(code, message, options);
    this.path = path;
    this.faults = options.faults ?? [];
  }
}

/** A container is absent, present, busy or in a status that does not allow the operation. */
export class ContainerStateError extends RuntimeError {
  readonly id: string;

  constructor(
    code: Extract<ErrorCode, `CONTAINER_${string}` | `STATE_${string}`>,
    id: string,
    message: string,
    options?: RuntimeErrorOptions,
  ) {
    super(code, message, options);
    this.id = id;
  }
}

/** The host lacks something: a program, a kernel feature, a privilege. */
export class PlatformError extends RuntimeError {}

/** A layer or an image of one is absent, present, in use, or cannot be read or written. */
export class LayerError extends RuntimeError {
  /** The layer's folder, or the file. */
  readonly path: string;

  constructor(
    code: Extract<ErrorCode, `LAYER_${string}`>,
    path: string,
    message: string,
    options?: RuntimeErrorOptions,
  ) {
    super(code, message, options);
    this.path = path;
  }
}

/** A program that this one drives has failed. */
export class ToolError extends RuntimeError {
  /** The program's own words, unchanged. */
  readonly originalMessage: string;

  constructor(message: string, originalMessage: string, options?: RuntimeErrorOptions) {
    super("TOOL_FAILED", message, options);
    this.originalMessage = originalMessage;
  }
}

/** The process of a container could not be launched. */
export class ProcessError extends RuntimeError {
  constructor(message: string, options?: RuntimeErrorOptions) {
    super("PROCESS_FAILED", message, options);
  }
}

/**
 * Runs a clean-up after `first` has failed and remembers its own failure beside it.
 *
 * @returns `first`, so that `throw await cleanUpAfter(error, ...)` reads as one step
 */
export async function cleanUpAfter<E>(first: E, cleanUp: () => unknown): Promise<E> {
  try {
    await cleanUp();
  } catch (error) {
    if (first instanceof RuntimeError) first.suppressed.push(error);
  }
  return first;
}

/**
 * Says why the system has refused something, without the name of the call and the path.
 *
 * @example systemFault(error) // "no such file or directory"
 */
export function systemFault(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^E[A-Z0-9]+: (.+?), \w+(?: .*)?$/s.exec(message)?.[1] ?? message;
}

/** The `code` of a Node system error (`ENOENT`, `EEXIST` ...), if `error` is one. */
export function errnoCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
