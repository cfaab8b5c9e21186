import { PlatformError } from "../../../base/errors.ts";
import type { NativeLibrary } from "../koffi.ts";
import { bindFunction, type CallContext } from "./native-call.ts";
import type { CallResult, LibraryTable, NativeCalls, Signature } from "./signature.ts";

/** Opens a library by its file name. */
export type LoadLibrary = (file: string) => NativeLibrary;

/**
 * Makes the functions of a library callable. The library is opened with the first call, each function is looked
 * up with its first call, so that nothing is missed that is not used.
 *
 * A call rejects with a {@link PlatformError} PLATFORM_MISSING if the library or the function is absent.
 */
export function openLibrary<T extends LibraryTable>(
  table: T,
  loadLibrary: LoadLibrary,
  context: CallContext,
): NativeCalls<T["functions"]> {
  let library: NativeLibrary | undefined;
  const open = (name: string): NativeLibrary => (library ??= load(table, name, loadLibrary));
  const calls = Object.entries(table.functions).map(([name, signature]) => [
    name,
    lazily(() => bind(open(name), table, [name, signature], context)),
  ]);
  return Object.fromEntries(calls) as NativeCalls<T["functions"]>;
}

type Call = (inputs: readonly unknown[]) => Promise<CallResult>;

function lazily(bound: () => Call): (...inputs: unknown[]) => Promise<CallResult> {
  let call: Call | undefined;
  return (...inputs) => {
    try {
      call ??= bound();
    } catch (error) {
      return Promise.reject(error);
    }
    return call(inputs);
  };
}

function load({ file, feature }: LibraryTable, name: string, loadLibrary: LoadLibrary): NativeLibrary {
  try {
    return loadLibrary(file);
  } catch (cause) {
    throw missing(name, `"${file}" cannot be opened`, `Enable ${feature}.`, cause);
  }
}

function bind(
  library: NativeLibrary,
  { file, since }: LibraryTable,
  [name, signature]: [string, Signature],
  context: CallContext,
): Call {
  try {
    return bindFunction(library, name, signature, context);
  } catch (cause) {
    const build = since[name];
    const needed = build === undefined ? "a newer build of Windows" : `Windows build ${build} or later`;
    throw missing(name, `"${file}" of this host does not have it`, `Use ${needed}.`, cause);
  }
}

function missing(name: string, found: string, hint: string, cause: unknown): PlatformError {
  return new PlatformError("PLATFORM_MISSING", `Cannot call "${name}": ${found}`, { hint, cause });
}
