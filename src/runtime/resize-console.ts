import { ContainerStateError } from "../base/errors.ts";
import { openLiveContainer } from "./live-container.ts";
import type { Runtime } from "./runtime.ts";

/** The new size of a terminal, and whose it is. */
export interface ConsoleSize {
  id: string;
  columns: number;
  rows: number;
  /** Host pid of a process that exec has added; the init process if absent. */
  pid?: number;
}

/** Sets the size of a process's terminal. @throws {ContainerStateError} CONTAINER_STATUS */
export async function resizeConsole(
  runtime: Runtime,
  { id, columns, rows, pid }: ConsoleSize,
): Promise<void> {
  const { system } = await openLiveContainer(runtime, id, "resize");
  const process = pid === undefined ? await system.openInitProcess() : await system.openProcess(pid);
  if (await process.resizeConsole(columns, rows)) return;
  throw new ContainerStateError(
    "CONTAINER_STATUS",
    id,
    `Cannot resize the terminal of container "${id}": process ${process.pid} has none`,
  );
}
