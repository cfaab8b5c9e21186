/** What happens to a container: its end, and kills by the kernel for want of memory. */
import type { Notification } from "../compute-service.ts";
import type { SystemContext } from "./system-context.ts";
import { initProcess } from "./container-properties.ts";

/** How often the end of the container is looked for. */
const POLL_MS = 100;

/** Yields a container's notifications; ends after `SystemExited` or when `abort` fires. */
export async function* containerNotifications(
  context: SystemContext,
  abort: AbortSignal,
): AsyncGenerator<Notification> {
  while (!abort.aborted && initProcess(context) !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (!abort.aborted) yield { Type: "SystemExited" };
}
