import { closing } from "../../base/closing.ts";
import type { ProcessParameters } from "../../schema/hcs.ts";
import { checkRun, followProcess, type FollowedProcess } from "../follow-process.ts";
import type { ProcessOutcome, ProcessRun } from "../process-run.ts";
import { processDocument } from "./shims/process-document.ts";

/** A system in which processes are made. */
interface ProcessMaker {
  readonly id: string;
  readonly systemType: string;
  readonly runtimeOsType: string;
  createProcess(parameters: object): Promise<FollowedProcess & { close(): Promise<void> }>;
}

/**
 * Runs a process in a container or a utility VM to its end, and carries its streams meanwhile.
 *
 * @throws {ComputeError} if it cannot be made, or the service ends
 * @throws {StreamError} if a stream is too short, too slow, or broken at the caller's end; the process is killed then
 */
export async function runProcess(system: ProcessMaker, run: ProcessRun): Promise<ProcessOutcome> {
  checkRun(run);
  const process = await system.createProcess(documentOf(system, run));
  const [program = run.process.commandLine ?? ""] = run.process.args ?? [];
  return closing(process, () => followProcess(process, run, `"${program}" in "${system.id}"`));
}

function documentOf(
  system: ProcessMaker,
  { process, inUtilityVm, ends = {} }: ProcessRun,
): ProcessParameters {
  const document = processDocument(process, {
    guestOs: system.runtimeOsType === "Linux" ? "Linux" : "Windows",
    isInit: false,
    inUtilityVm: inUtilityVm ?? system.systemType === "VirtualMachine",
    hasInput: ends.stdin !== undefined,
  });
  return {
    ...document,
    CreateStdOutPipe: ends.stdout !== undefined,
    CreateStdErrPipe: document.CreateStdErrPipe === true && ends.stderr !== undefined,
  };
}
