/** What happens to a container: its end, and kills by the kernel for want of memory. */
import type { Notification } from "../compute-service.ts";
import { readCgroupPaths } from "./cgroups/cgroup-paths.ts";
import { watchOutOfMemory } from "./cgroups/oom-notifier.ts";
import { initProcess } from "./container-properties.ts";
import type { SystemContext } from "./system-context.ts";

/** How often the end of the container is looked for. */
const POLL_MS = 100;

/** Yields a container's notifications; ends after `SystemExited` or when `abort` fires. */
export async function* containerNotifications(
  context: SystemContext,
  abort: AbortSignal,
): AsyncGenerator<Notification> {
  const end = new AbortController();
  const watched = untilEnd(context, abort).finally(() => end.abort());
  const init = await initProcess(context);
  const paths = init === undefined ? undefined : await readCgroupPaths(context.machine, init.pid);
  if (paths !== undefined) {
    for await (const _ of watchOutOfMemory(context.machine, paths, end.signal)) yield { Type: "OutOfMemory" };
  }
  await watched;
  if (!abort.aborted) yield { Type: "SystemExited" };
}

async function untilEnd(context: SystemContext, abort: AbortSignal): Promise<void> {
  while (!abort.aborted && (await initProcess(context)) !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
