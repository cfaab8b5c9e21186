import type { Koffi } from "../koffi.ts";
import { openDescriptors, type OpenDescriptor } from "./libuv.ts";
import { ADVAPI32 } from "./advapi32.ts";
import { CallGate } from "./call-gate.ts";
import { COMPUTESTORAGE } from "./computestorage.ts";
import { KERNEL32 } from "./kernel32.ts";
import { declareTypes, type NativeTypes } from "./layouts.ts";
import type { CallContext } from "./native-call.ts";
import { openDirectly, openLibrary, type LoadLibrary } from "./open-library.ts";
import type { DirectCalls, NativeCalls } from "./signature.ts";
import { VIRTDISK } from "./virtdisk.ts";
import { VMCOMPUTE } from "./vmcompute.ts";
import { WS2_32 } from "./ws2-32.ts";

/** Calls that koffi is given at once; libuv runs as many of them as it has threads. */
const CALLS_AT_ONCE = 128;

/** All libraries that are called on a Windows host. */
export const LIBRARIES = { VMCOMPUTE, COMPUTESTORAGE, VIRTDISK, KERNEL32, ADVAPI32, WS2_32 } as const;

/** The functions of each library, and what they are called with. */
export interface Bindings {
  koffi: Koffi;
  types: NativeTypes;
  vmcompute: NativeCalls<(typeof VMCOMPUTE)["functions"]>;
  computestorage: NativeCalls<(typeof COMPUTESTORAGE)["functions"]>;
  virtdisk: NativeCalls<(typeof VIRTDISK)["functions"]>;
  kernel32: NativeCalls<(typeof KERNEL32)["functions"]>;
  advapi32: NativeCalls<(typeof ADVAPI32)["functions"]>;
  /** Functions that return at once, called on the main thread. */
  direct: {
    kernel32: DirectCalls<(typeof KERNEL32)["functions"]>;
    advapi32: DirectCalls<(typeof ADVAPI32)["functions"]>;
    ws2_32: DirectCalls<(typeof WS2_32)["functions"]>;
  };
  /** Whether calls are under way on worker threads. */
  isBusy(): boolean;
  /** Makes a file descriptor of a handle, which then belongs to the descriptor. */
  openDescriptor: OpenDescriptor;
}

/**
 * Describes the libraries to koffi. Nothing is opened before the first call.
 *
 * @param loadLibrary finds a library by its file name; Windows looks in its system folder
 */
export function openBindings(koffi: Koffi, loadLibrary: LoadLibrary = (file) => koffi.load(file)): Bindings {
  const types = declareTypes(koffi);
  const gate = new CallGate(CALLS_AT_ONCE);
  const context = { koffi, types, gate, ...lazyParts(koffi, loadLibrary) };
  return {
    koffi,
    types,
    vmcompute: openLibrary(VMCOMPUTE, loadLibrary, context),
    computestorage: openLibrary(COMPUTESTORAGE, loadLibrary, context),
    virtdisk: openLibrary(VIRTDISK, loadLibrary, context),
    kernel32: openLibrary(KERNEL32, loadLibrary, context),
    advapi32: openLibrary(ADVAPI32, loadLibrary, context),
    direct: {
      kernel32: openDirectly(KERNEL32, loadLibrary, context),
      advapi32: openDirectly(ADVAPI32, loadLibrary, context),
      ws2_32: openDirectly(WS2_32, loadLibrary, context),
    },
    isBusy: () => gate.isBusy,
    openDescriptor: openDescriptors(koffi),
  };
}

function lazyParts(koffi: Koffi, loadLibrary: LoadLibrary): Pick<CallContext, "ownedString" | "lastError"> {
  let ownedString: ReturnType<CallContext["ownedString"]> | undefined;
  let getLastError: (() => number) | undefined;
  return {
    ownedString: () => {
      if (ownedString === undefined) {
        // FFI: the service allocates with CoTaskMemAlloc; koffi copies the string and then frees it once.
        const free = loadLibrary("ole32.dll").func("__stdcall", "CoTaskMemFree", "void", ["void *"]);
        ownedString = koffi.disposable("str16", free);
      }
      return ownedString;
    },
    lastError: () => {
      getLastError ??= loadLibrary("kernel32.dll").func("__stdcall", "GetLastError", "uint32_t", []);
      return getLastError();
    },
  };
}
