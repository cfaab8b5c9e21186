/**
 * The vocabulary in which the tables of native functions are written.
 *
 * A signature is a list of tokens in the order of the C parameters. Types of the call in TypeScript and
 * koffi's types are both derived from it, so that each function is described in one place.
 */
import type { Handle } from "./handle.ts";
import type {
  DriverInfo,
  Guid,
  LayerDescriptor,
  OpenDiskParameters,
  ProcessInformation,
  StorageType,
} from "./layouts.ts";

/** What each kind of input is in JavaScript. */
export interface Inputs {
  /** PCWSTR. FFI: a copy that lives until the call returns. */
  string: string | null;
  handle: Handle;
  u32: number;
  u64: number | bigint;
  /** FFI: memory that the callee reads or fills during the call; it is kept alive until then. */
  buffer: Uint8Array | null;
  /** FFI: a registered callback; it must stay registered as long as the callee may call it. */
  callback: bigint;
  /** `DRIVER_INFO *`. */
  driver: DriverInfo;
  /** `WC_LAYER_DESCRIPTOR *` and `UINT32`: two parameters of C. */
  layers: readonly LayerDescriptor[];
  /** `VIRTUAL_STORAGE_TYPE *`. */
  "storage type": StorageType;
  /** `OPEN_VIRTUAL_DISK_PARAMETERS *`. */
  "open disk": OpenDiskParameters | null;
}

/** What each kind of output is in JavaScript. */
export interface Outputs {
  /** PWSTR. FFI: allocated by the callee; copied, then freed once with CoTaskMemFree. */
  string: string | null;
  /** FFI: owned by the caller, who closes it with the function that belongs to its kind. */
  handle: Handle;
  u32: number;
  u64: number;
  guid: Guid;
  process: ProcessInformation;
}

/** What goes in and comes out through the same pointer. */
export interface Changes {
  u32: number;
  u64: number;
}

/** One parameter. */
export type Token = keyof Inputs | `out ${keyof Outputs}` | `inout ${keyof Changes}`;

/**
 * What a function returns: an HRESULT; a Win32 code; BOOL, or a handle, of which false and
 * INVALID_HANDLE_VALUE leave the reason in the thread's last error; a count, of which -1 does so; a plain number;
 * nothing.
 */
export type Returns = "hresult" | "win32" | "bool" | "handle" | "count" | "u32" | "void";

/** A function of a library. */
export interface Signature<P extends readonly Token[] = readonly Token[]> {
  readonly returns: Returns;
  readonly parameters: P;
}

/** A library: where it is, what brings it, and its functions. */
export interface LibraryTable {
  /** File name, without a folder. */
  readonly file: string;
  /** The feature of Windows that brings the library, for people. */
  readonly feature: string;
  readonly functions: Readonly<Record<string, Signature>>;
  /** First build of Windows with a function, for those that the library did not always have. */
  readonly since: Readonly<Record<string, number>>;
}

type InputsOf<P extends readonly Token[]> = P extends readonly [
  infer First,
  ...infer Rest extends readonly Token[],
]
  ? First extends keyof Inputs
    ? [Inputs[First], ...InputsOf<Rest>]
    : First extends `inout ${infer Kind extends keyof Changes}`
      ? [Changes[Kind], ...InputsOf<Rest>]
      : InputsOf<Rest>
  : [];

type OutputsOf<P extends readonly Token[]> = P extends readonly [
  infer First,
  ...infer Rest extends readonly Token[],
]
  ? First extends `out ${infer Kind extends keyof Outputs}`
    ? [Outputs[Kind], ...OutputsOf<Rest>]
    : First extends `inout ${infer Kind extends keyof Changes}`
      ? [Changes[Kind], ...OutputsOf<Rest>]
      : OutputsOf<Rest>
  : [];

/** What came of a call. */
export interface CallResult<Out extends unknown[] = unknown[]> {
  /** The number returned: an HRESULT or a Win32 code as an unsigned number; 0 for a BOOL that is false, and for void. */
  value: number;
  /** The handle returned, if the function returns one. */
  handle: Handle;
  /** The calling thread's last error, where the signature says that it tells the reason; else 0. */
  lastError: number;
  /** Values of the `out` and `inout` parameters, in order. */
  out: Out;
}

/** A function as it is called from JavaScript. It runs on a worker thread of libuv. */
export type NativeCall<S> =
  S extends Signature<infer P> ? (...inputs: InputsOf<P>) => Promise<CallResult<OutputsOf<P>>> : never;

/** All functions of a library. */
export type NativeCalls<F> = { readonly [Name in keyof F]: NativeCall<F[Name]> };

/** A function as it is called on the calling thread, which waits for it. */
export type DirectCall<S> =
  S extends Signature<infer P> ? (...inputs: InputsOf<P>) => CallResult<OutputsOf<P>> : never;

/** Functions of a library that return at once. */
export type DirectCalls<F> = { readonly [Name in keyof F]: DirectCall<F[Name]> };

/** A function that returns an HRESULT. */
export function hresult<const P extends readonly Token[]>(...parameters: P): Signature<P> {
  return { returns: "hresult", parameters };
}

/** A function that returns a Win32 code. */
export function win32<const P extends readonly Token[]>(...parameters: P): Signature<P> {
  return { returns: "win32", parameters };
}

/** A function that returns BOOL. */
export function bool<const P extends readonly Token[]>(...parameters: P): Signature<P> {
  return { returns: "bool", parameters };
}

/** A function that returns a handle. */
export function handle<const P extends readonly Token[]>(...parameters: P): Signature<P> {
  return { returns: "handle", parameters };
}

/** A function that returns how many of something it has dealt with, or 0xffffffff if it has failed. */
export function count<const P extends readonly Token[]>(...parameters: P): Signature<P> {
  return { returns: "count", parameters };
}

/** A function that returns a number that is no result code. */
export function u32<const P extends readonly Token[]>(...parameters: P): Signature<P> {
  return { returns: "u32", parameters };
}
