import { ContainerStateError } from "../base/errors.ts";
import { parseJson } from "../base/lossless-json.ts";
import type { Attachment } from "../hcs/compute-service.ts";
import type { OciConfig, OciProcess } from "../schema/oci.ts";
import { getOciConfig } from "../oci/oci-state.ts";
import { requireStatus } from "./lifecycle.ts";
import { openContainer } from "./open-container.ts";
import { requireConsole } from "./require-console.ts";
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
  const ignoresPaused = ignorePaused && status === "paused";
  if (!ignoresPaused) requireStatus("exec", id, status);
  const process = request.process(() => containerProcess(runtime, id));
  // On Windows the terminal is the caller's own.
  if (runtime.windows === undefined) requireConsole(process, attachment);
  const parameters = { OciProcess: process, Cgroups: cgroups, IgnorePaused: ignoresPaused };
  const started = await system?.createProcess(parameters, attachment);
  runtime.mark("execute");
  return (await started?.wait()) ?? 0;
}

function containerProcess(runtime: Runtime, id: string): OciProcess {
  const spec = parseConfiguration(id, runtime.store.loadConfiguration(id));
  return getOciConfig({ id, spec }).process ?? { cwd: "/" };
}

/** The store wrote it after the bundle was validated, but perhaps not to its end. */
function parseConfiguration(id: string, text: string): OciConfig {
  try {
    return parseJson(text) as OciConfig;
  } catch (error) {
    const message = `Cannot read the configuration of container "${id}": it is not JSON (${text.length} characters)`;
    const hint = `Describe the process with --process, or make the container anew`;
    throw new ContainerStateError("STATE_INVALID", id, message, { hint, cause: error });
  }
}
