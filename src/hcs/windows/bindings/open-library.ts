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
  const calls = bindLazily(table, loadLibrary, (...found) => bindFunction(...found, context));
  const entries = calls.map(([name, bound]) => [
    name,
    (...inputs: unknown[]): Promise<CallResult> => {
      try {
        return bound()(inputs);
      } catch (error) {
        return Promise.reject(error);
      }
    },
  ]);
  return Object.fromEntries(entries) as NativeCalls<T["functions"]>;
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
  const calls = bindLazily(table, loadLibrary, (...found) => bindDirectly(...found, context));
  const entries = calls.map(([name, bound]) => [name, (...inputs: unknown[]) => bound()(inputs)]);
  return Object.fromEntries(entries) as DirectCalls<T["functions"]>;
}

type Bind<C> = (library: NativeLibrary, name: string, signature: Signature) => C;

/** Gives for each function what binds it, once. */
function bindLazily<C>(table: LibraryTable, loadLibrary: LoadLibrary, bind: Bind<C>): [string, () => C][] {
  let library: NativeLibrary | undefined;
  return Object.entries(table.functions).map(([name, signature]) => {
    let call: C | undefined;
    return [
      name,
      () => {
        if (call !== undefined) return call;
        library ??= load(table, name, loadLibrary);
        call = find(library, table, [name, signature], bind);
        return call;
      },
    ];
  });
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
  { file, since }: LibraryTable,
  [name, signature]: [string, Signature],
  bind: Bind<C>,
): C {
  try {
    return bind(library, name, signature);
  } catch (cause) {
    const build = since[name];
    const needed = build === undefined ? "a newer build of Windows" : `Windows build ${build} or later`;
    throw missing(name, `"${file}" of this host does not have it`, `Use ${needed}.`, cause);
  }
}

function missing(name: string, found: string, hint: string, cause: unknown): PlatformError {
  return new PlatformError("PLATFORM_MISSING", `Cannot call "${name}": ${found}`, { hint, cause });
}
