import { PlatformError } from "../base/errors.ts";
import type { ShimDescriptors } from "../hcs/shims.ts";
import { requireContainerId } from "../oci/container-id.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Serves one process of a container until its end: the first one, or one that standard input describes.
 *
 * @returns its exit code
 * @throws {PlatformError} on a host whose containers need nobody who serves them
 */
export async function serveProcess(
  { windows }: Runtime,
  id: string,
  isExec: boolean,
  descriptors: ShimDescriptors,
): Promise<number> {
  requireContainerId(id);
  if (windows === undefined) {
    const message = `Cannot serve container "${id}": only containers on Windows have shims`;
    throw new PlatformError("PLATFORM_UNSUPPORTED", message);
  }
  const { shims } = windows;
  return isExec ? shims.serveExec(id, descriptors) : shims.serveInit(id, descriptors);
}
