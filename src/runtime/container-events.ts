import { setTimeout as sleep } from "node:timers/promises";
import type { ComputeSystem } from "../hcs/compute-service.ts";
import { openLiveContainer } from "./live-container.ts";
import type { Runtime } from "./runtime.ts";

/** One event, in the shape that runc prints. */
export interface ContainerEvent {
  type: "stats" | "oom";
  id: string;
  data?: Record<string, unknown>;
}

/** Reads a container's resource usage once. @throws {ContainerStateError} CONTAINER_STATUS */
export async function containerStatistics(runtime: Runtime, id: string): Promise<ContainerEvent> {
  const { system } = await openLiveContainer(runtime, id, "events");
  return statistics(system);
}

/**
 * Follows a container until it stops: its usage every `intervalMs`, and kills for want of memory when they happen.
 *
 * @param emit is called with each event, in order
 * @throws {ContainerStateError} CONTAINER_STATUS
 */
export async function followEvents(
  runtime: Runtime,
  { id, intervalMs }: { id: string; intervalMs: number },
  emit: (event: ContainerEvent) => void,
): Promise<void> {
  const { system } = await openLiveContainer(runtime, id, "events");
  const end = new AbortController();
  const usage = emitUsage(system, intervalMs, emit, end.signal);
  // Its failure ends the notifications too, and is then thrown by the await below.
  usage.catch(() => end.abort());
  for await (const { Type } of system.notifications(end.signal)) {
    if (Type === "OutOfMemory") emit({ type: "oom", id });
  }
  end.abort();
  await usage;
}

async function emitUsage(
  system: ComputeSystem,
  intervalMs: number,
  emit: (event: ContainerEvent) => void,
  end: AbortSignal,
): Promise<void> {
  while (!end.aborted) {
    const event = await statistics(system);
    if (event.data !== undefined) emit(event);
    await sleep(intervalMs, undefined, { signal: end }).catch(() => {});
  }
}

async function statistics(system: ComputeSystem): Promise<ContainerEvent> {
  const { Metrics } = await system.properties(["Metrics"]);
  return { type: "stats", id: system.id, ...(Metrics === undefined ? {} : { data: Metrics }) };
}
