/**
 * Results of the compute service: what a number means, the error that carries one, and the questions that
 * callers ask of it.
 *
 * The documented interface writes 0x8037nnnn where the older one writes 0xC037nnnn; both mean the same here.
 *
 * @see https://learn.microsoft.com/virtualization/api/hcs/reference/hcshresult
 */
import { RuntimeError, type ErrorCode } from "../base/errors.ts";
import { COMPUTE_RESULTS, NETWORK_RESULTS, SYSTEM_RESULTS, type ResultMeaning } from "./result-table.ts";

export type { ResultMeaning } from "./result-table.ts";

/** Results that a compute service throws by name; those of Win32 in their wrapped form. */
export const HcsResult = {
  TERMINATED_DURING_START: 0x80370100,
  HYPERV_NOT_INSTALLED: 0x80370102,
  INVALID_STATE: 0x80370105,
  UNEXPECTED_EXIT: 0x80370106,
  INVALID_JSON: 0x8037010d,
  SYSTEM_NOT_FOUND: 0x8037010e,
  SYSTEM_ALREADY_EXISTS: 0x8037010f,
  SYSTEM_ALREADY_STOPPED: 0x80370110,
  SERVICE_NOT_AVAILABLE: 0x80370114,
  OPERATION_PENDING: 0x80370117,
  OPERATION_TIMEOUT: 0x80370118,
  ACCESS_DENIED: 0x8037011b,
  SERVICE_DISCONNECT: 0x8037011e,
  PROCESS_ALREADY_STOPPED: 0x8037011f,
  INVALID_HANDLE: 0x80070006,
  INVALID_DATA: 0x8007000d,
  NOT_SUPPORTED: 0x80070032,
  INVALID_PARAMETER: 0x80070057,
  PRIVILEGE_NOT_HELD: 0x80070522,
  /** ERROR_NOT_FOUND: a process does not exist or has ended. */
  ELEMENT_NOT_FOUND: 0x80070490,
  NETWORK_NOT_FOUND: 0x803b0001,
  ENDPOINT_NOT_FOUND: 0x803b0002,
  NOT_IMPLEMENTED: 0x80004001,
  /** E_FAIL: a reason that no other result names. */
  FAIL: 0x80004005,
} as const;

/** One event of the service's result document, which tells more about a failure. */
export interface ResultEvent {
  Message?: string;
  StackTrace?: string;
  /** GUID of the component that wrote the event. */
  Provider?: string;
  EventId?: number;
  Flags?: number;
  Source?: string;
}

/** What a failed call to a compute service is known by. */
export interface ComputeFailure {
  /** What was tried, as a verb: `start`, `signal`, `create`. */
  operation: string;
  /** Absent when the call concerns the service as a whole. */
  systemId?: string;
  /** The process of the system that the call concerns. */
  pid?: number;
  /** Signed or unsigned, of either family, or a bare Win32 code. */
  hresult: number;
  events?: readonly ResultEvent[];
  /** Replaces the usual message, where engines look for a phrase. */
  message?: string;
  cause?: unknown;
}

/** A call to a compute service that ended with a failure result. Its code is `HCS_` and the result's name. */
export class ComputeError extends RuntimeError {
  readonly operation: string;
  readonly systemId: string | undefined;
  readonly pid: number | undefined;
  /** Unsigned, as the service gave it. */
  readonly hresult: number;
  readonly events: readonly ResultEvent[];

  constructor(failure: ComputeFailure) {
    const { name, hint } = describeResult(failure.hresult);
    super(errorCode(name), failure.message ?? describeFailure(failure), {
      cause: failure.cause,
      ...(hint === undefined ? {} : { hint }),
    });
    this.operation = failure.operation;
    this.systemId = failure.systemId;
    this.pid = failure.pid;
    this.hresult = failure.hresult >>> 0;
    this.events = failure.events ?? [];
  }
}

/** Tells name and meaning of a result; one that no table holds is named `UNKNOWN_RESULT`. */
export function describeResult(hresult: number): ResultMeaning {
  const result = canonicalResult(hresult);
  return (
    COMPUTE_RESULTS[result] ??
    NETWORK_RESULTS[result] ??
    SYSTEM_RESULTS[result] ?? { name: "UNKNOWN_RESULT", meaning: "the service gave an unknown result" }
  );
}

/** Tells whether the system or process does not exist. A process that has exited may not exist either. */
export function isNotExist(error: unknown): boolean {
  return hasResult(error, NOT_EXIST);
}

/** Tells whether the system or process has stopped. A process that never existed looks the same. */
export function isAlreadyStopped(error: unknown): boolean {
  return hasResult(error, ALREADY_STOPPED);
}

/** Tells whether the operation goes on in the background. */
export function isPending(error: unknown): boolean {
  return hasResult(error, [HcsResult.OPERATION_PENDING]);
}

/** Tells whether the wait for the operation or for the guest took too long. */
export function isTimeout(error: unknown): boolean {
  return hasResult(error, [HcsResult.OPERATION_TIMEOUT, CONNECTION_TIMEOUT]);
}

/** Tells whether the platform or guest is too old or too small for the request, however it says so. */
export function isNotSupported(error: unknown): boolean {
  return hasResult(error, UNSUPPORTED);
}

/** Tells whether the operation is not allowed in the state that the system is in. */
export function isInvalidState(error: unknown): boolean {
  return hasResult(error, [HcsResult.INVALID_STATE]);
}

/** Tells whether the service has ended, so that nothing that was open in it can be used any more. */
export function isDisconnected(error: unknown): boolean {
  return hasResult(error, DISCONNECTED);
}

/** Tells whether the caller lacks a permission. */
export function isAccessDenied(error: unknown): boolean {
  return hasResult(error, [HcsResult.ACCESS_DENIED, ERROR_ACCESS_DENIED]);
}

/** Tells whether the id or name is taken. */
export function isAlreadyExists(error: unknown): boolean {
  return hasResult(error, ALREADY_EXISTS);
}

const CONNECTION_TIMEOUT = 0x80370109;
const UNKNOWN_MESSAGE = 0x8037010b;
const ERROR_ACCESS_DENIED = 0x5;
const ERROR_INVALID_DATA = 0xd;
const ERROR_NOT_SUPPORTED = 0x32;
const ERROR_PROC_NOT_FOUND = 0x7f;
const ERROR_ALREADY_EXISTS = 0xb7;
const ERROR_NOT_FOUND = 0x490;
const RPC_SERVER_UNAVAILABLE = 0x6ba;
const RPC_CALL_FAILED = 0x6be;
const RPC_CALL_FAILED_WITHOUT_EFFECT = 0x6bf;
const NETWORK_ALREADY_EXISTS = 0x803b0010;
const PORT_ALREADY_EXISTS = 0x803b0013;

const NOT_EXIST: readonly number[] = [
  HcsResult.SYSTEM_NOT_FOUND,
  ERROR_NOT_FOUND,
  ERROR_PROC_NOT_FOUND,
  HcsResult.NETWORK_NOT_FOUND,
  HcsResult.ENDPOINT_NOT_FOUND,
];

const ALREADY_STOPPED: readonly number[] = [
  HcsResult.SYSTEM_ALREADY_STOPPED,
  HcsResult.PROCESS_ALREADY_STOPPED,
  ERROR_NOT_FOUND,
  ERROR_PROC_NOT_FOUND,
];

const UNSUPPORTED: readonly number[] = [
  HcsResult.INVALID_JSON,
  UNKNOWN_MESSAGE,
  ERROR_INVALID_DATA,
  ERROR_NOT_SUPPORTED,
];

/** Beside its own word for it, what calls to a service that does not run come to. */
const DISCONNECTED: readonly number[] = [
  HcsResult.SERVICE_DISCONNECT,
  RPC_SERVER_UNAVAILABLE,
  RPC_CALL_FAILED,
  RPC_CALL_FAILED_WITHOUT_EFFECT,
];

const ALREADY_EXISTS: readonly number[] = [
  HcsResult.SYSTEM_ALREADY_EXISTS,
  ERROR_ALREADY_EXISTS,
  NETWORK_ALREADY_EXISTS,
  PORT_ALREADY_EXISTS,
];

/** Brings the forms in which one result is written to a single number: the key of the tables. */
function canonicalResult(hresult: number): number {
  const result = hresult >>> 0;
  const low = result & 0xffff;
  if ((result & 0x1fff0000) === 0x00070000) return low;
  if ((result & 0xbfff0000) >>> 0 !== 0x80370000) return result;
  // The older form has a number of its own for this one.
  return low === 0x103 ? HcsResult.OPERATION_PENDING : 0x80370000 + low;
}

/** Looks at the error itself and at its cause, as a wrapped failure is asked the same questions. */
function hasResult(error: unknown, results: readonly number[]): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const failure = [error, cause].find((candidate) => candidate instanceof ComputeError);
  return failure !== undefined && results.includes(canonicalResult(failure.hresult));
}

function errorCode(name: string): ErrorCode {
  return `HCS_${name.replace(/^HCS_E_/, "")}`;
}

function describeFailure({ operation, systemId, pid, hresult, events }: ComputeFailure): string {
  const { name, meaning } = describeResult(hresult);
  const process = pid === undefined ? "" : ` process ${pid} of`;
  const object = systemId === undefined ? "" : ` "${systemId}"`;
  const path = canonicalResult(hresult) === HcsResult.INVALID_JSON ? documentPath(events ?? []) : undefined;
  const place = path === undefined ? "" : ` at ${path}`;
  const hex = (hresult >>> 0).toString(16).toUpperCase().padStart(8, "0");
  return `Cannot ${operation}${process}${object}: ${meaning}${place} (${name} 0x${hex})`;
}

/** Finds the JSON path, such as `$.Layers[0].Path`, at which the service stopped reading a document. */
function documentPath(events: readonly ResultEvent[]): string | undefined {
  return events
    .map(({ Message }) => Message?.match(/\$(?:\.\w+|\[\d+\])+/)?.[0])
    .find((path) => path !== undefined);
}
