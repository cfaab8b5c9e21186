import { isInvalidState, isTimeout } from "../../results.ts";
import type { HcsSystem } from "../compute-system.ts";

/** Milliseconds in which a container that was asked to shut down has to do so. */
export const SHUTDOWN_TIMEOUT = 30_000;
/** Milliseconds in which a container that was terminated has to be gone. */
export const TERMINATE_TIMEOUT = 30_000;

/** Ends a system, with its consent if it gives that in time. @throws {ComputeError} isTimeout if it does not end at all */
export async function shutDownSystem(system: HcsSystem, timeout = SHUTDOWN_TIMEOUT): Promise<void> {
  try {
    await system.shutdown();
    return await system.wait(timeout);
  } catch (error) {
    // One that does not run, or whose guest hangs, cannot be asked; any other failure was told of its exit.
    if (!isInvalidState(error) && !isTimeout(error)) return;
  }
  await terminateSystem(system);
}

/** Ends a system without asking it, and waits until it is gone. @throws {ComputeError} isTimeout */
export async function terminateSystem(system: HcsSystem): Promise<void> {
  await system.terminate();
  try {
    await system.wait(TERMINATE_TIMEOUT);
  } catch (error) {
    if (isTimeout(error)) throw error;
    // It has exited with a failure, as what is terminated may.
  }
}
