import { UsageError } from "../base/errors.ts";
import { parseJson } from "../base/lossless-json.ts";
import type { Attachment } from "../hcs/compute-service.ts";
import type { OciConfig, OciProcess } from "../schema/oci.ts";
import { requireStatus } from "./lifecycle.ts";
import { openContainer } from "./open-container.ts";
import type { Runtime } from "./runtime.ts";

/** A process to add to a container. */
export interface NewProcess {
  id: string;
  /** Makes the process from that of the container, or ignores it. */
  process: (containers: () => OciProcess) => OciProcess;
  attachment: Attachment;
  cgroups: string[];
  ignorePaused: boolean;
}

/**
 * Runs a process in a container.
 *
 * @returns its exit code; 0 when detached
 * @throws {ContainerStateError} CONTAINER_STATUS
 * @throws {ProcessError} when the program cannot be launched
 */
export async function execProcess(runtime: Runtime, request: NewProcess): Promise<number> {
  const { id, attachment, cgroups, ignorePaused } = request;
  const { system, status } = await openContainer(runtime, id);
  if (!(ignorePaused && status === "paused")) requireStatus("exec", id, status);
  const process = request.process(() => containerProcess(runtime, id));
  requireConsole(process, attachment);
  const parameters = { OciProcess: process, Cgroups: cgroups, IgnorePaused: ignorePaused };
  const started = await system?.createProcess(parameters, attachment);
  runtime.mark("execute");
  return (await started?.wait()) ?? 0;
}

function containerProcess(runtime: Runtime, id: string): OciProcess {
  // The store wrote it after the bundle was validated.
  const { process } = parseJson(runtime.store.loadConfiguration(id)) as OciConfig;
  return process ?? { cwd: "/" };
}

function requireConsole(process: OciProcess, { consoleSocket, detached }: Attachment): void {
  const terminal = process.terminal === true;
  if (terminal && detached && consoleSocket === undefined) {
    throw new UsageError("cannot allocate tty if runhcs will detach without setting console socket");
  }
  if (consoleSocket !== undefined && !(terminal && detached)) {
    throw new UsageError("cannot use console socket if runhcs will not detach or allocate tty");
  }
}
