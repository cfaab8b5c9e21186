/** What happens to a container: its end, and kills by the kernel for want of memory. */
import { ifExists } from "../../base/files.ts";
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
  const init = initProcess(context);
  const paths = init === undefined ? undefined : ifExists(() => readCgroupPaths(init.pid));
  if (paths !== undefined) {
    const options = { abort: end.signal, openEventFd: () => context.machine.openEventFd() };
    for await (const _ of watchOutOfMemory(paths, options)) yield { Type: "OutOfMemory" };
  }
  await watched;
  if (!abort.aborted) yield { Type: "SystemExited" };
}

async function untilEnd(context: SystemContext, abort: AbortSignal): Promise<void> {
  while (!abort.aborted && initProcess(context) !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
