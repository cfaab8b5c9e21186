import { PlatformError } from "../../../base/errors.ts";
import type { NativeLibrary } from "../koffi.ts";
import { bindDirectly, bindFunction, type CallContext } from "./native-call.ts";
import type { CallResult, DirectCalls, LibraryTable, NativeCalls, Signature } from "./signature.ts";

/** Opens a library by its file name. */
export type LoadLibrary = (file: string) => NativeLibrary;

/**
 * Makes the functions of a library callable on worker threads. The library is opened with the first call, each
 * function is looked up with its first call, so that nothing is missed that is not used.
 *
 * A call rejects with a {@link PlatformError} PLATFORM_MISSING if the library or the function is absent.
 */
export function openLibrary<T extends LibraryTable>(
  table: T,
  loadLibrary: LoadLibrary,
  context: CallContext,
): NativeCalls<T["functions"]> {
  const lookUp = lookUpLazily(table, loadLibrary, (...found) => bindFunction(...found, context));
  const calls = Object.keys(table.functions).map((name) => [name, rejecting(() => lookUp(name))]);
  return Object.fromEntries(calls) as NativeCalls<T["functions"]>;
}

/** Binds a function with its first call; what is missing then rejects as a failed call does. */
function rejecting(bind: () => Call): (...inputs: unknown[]) => Promise<CallResult> {
  let call: Call | undefined;
  return (...inputs) => {
    try {
      call ??= bind();
    } catch (error) {
      return Promise.reject(error);
    }
    return call(inputs);
  };
}

/**
 * As {@link openLibrary}, for functions that return at once: they are called on the calling thread. A call throws
 * where the other's rejects.
 */
export function openDirectly<T extends LibraryTable>(
  table: T,
  loadLibrary: LoadLibrary,
  context: CallContext,
): DirectCalls<T["functions"]> {
  const lookUp = lookUpLazily(table, loadLibrary, (...found) => bindDirectly(...found, context));
  const calls = Object.keys(table.functions).map((name) => [
    name,
    (...inputs: unknown[]) => lookUp(name)(inputs),
  ]);
  return Object.fromEntries(calls) as DirectCalls<T["functions"]>;
}

type Call = (inputs: readonly unknown[]) => Promise<CallResult>;
type Bind<C> = (library: NativeLibrary, name: string, signature: Signature) => C;

function lookUpLazily<C>(table: LibraryTable, loadLibrary: LoadLibrary, bind: Bind<C>): (name: string) => C {
  let library: NativeLibrary | undefined;
  const known = new Map<string, C>();
  return (name) => {
    let call = known.get(name);
    if (call !== undefined) return call;
    library ??= load(table, name, loadLibrary);
    call = find(library, table, name, bind);
    known.set(name, call);
    return call;
  };
}

function load({ file, feature }: LibraryTable, name: string, loadLibrary: LoadLibrary): NativeLibrary {
  try {
    return loadLibrary(file);
  } catch (cause) {
    throw missing(name, `"${file}" cannot be opened`, `Enable ${feature}.`, cause);
  }
}

function find<C>(
  library: NativeLibrary,
  { file, functions, since }: LibraryTable,
  name: string,
  bind: Bind<C>,
): C {
  try {
    return bind(library, name, functions[name] as Signature);
  } catch (cause) {
    const build = since[name];
    const needed = build === undefined ? "a newer build of Windows" : `Windows build ${build} or later`;
    throw missing(name, `"${file}" of this host does not have it`, `Use ${needed}.`, cause);
  }
}

function missing(name: string, found: string, hint: string, cause: unknown): PlatformError {
  return new PlatformError("PLATFORM_MISSING", `Cannot call "${name}": ${found}`, { hint, cause });
}
