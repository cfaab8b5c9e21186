import { PlatformError } from "../base/errors.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Makes the VM that standard input describes and owns it until it ends.
 *
 * @returns the exit code of this process
 * @throws {PlatformError} on a host whose VMs have no owners
 * @throws {ComputeError} if the VM ends unasked
 */
export async function ownVm(runtime: Runtime, pipe: string): Promise<number> {
  const { windows } = runtime;
  if (windows === undefined) {
    const message = `Cannot own the VM of "${pipe}": only VMs on Windows have owners`;
    throw new PlatformError("PLATFORM_UNSUPPORTED", message);
  }
  const { serveVm } = await import("./vm/serve-vm.ts");
  return serveVm({ ...runtime, windows }, pipe);
}
