/**
 * The one function of Node's own libuv that is needed: it makes a file descriptor of a handle.
 *
 * With a descriptor, a pipe of the service becomes an ordinary stream of Node: libuv reads and writes it with
 * overlapped operations, which take no thread while they wait.
 */
import { PlatformError } from "../../../base/errors.ts";
import type { Koffi } from "../koffi.ts";

/**
 * Makes a descriptor of a handle. FFI: from then on the handle belongs to the descriptor, and closing that
 * closes it. The call does not block.
 */
export type OpenDescriptor = (handle: bigint) => number;

/** Looks the function up with the first call. It throws a {@link PlatformError} if there is none. */
export function openDescriptors(koffi: Koffi): OpenDescriptor {
  let open: ((handle: bigint) => number) | undefined;
  return (handle) => {
    open ??= bind(koffi);
    const descriptor = open(handle);
    if (descriptor >= 0) return descriptor;
    throw new PlatformError(
      "PLATFORM_UNSUPPORTED",
      `Cannot open a pipe of the service: handle ${handle} was refused`,
    );
  };
}

function bind(koffi: Koffi): (handle: bigint) => number {
  try {
    return koffi.load(null).func("uv_open_osfhandle", "int", ["intptr_t"]);
  } catch (cause) {
    throw new PlatformError(
      "PLATFORM_MISSING",
      'Cannot open a pipe of the service: "uv_open_osfhandle" is not in this program',
      { hint: "Run the program with Node.", cause },
    );
  }
}
