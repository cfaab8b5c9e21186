/** One call of an executor: its command line, its log, and its failure as an error of ours. */
import { join } from "node:path";
import { callName } from "../../base/call-name.ts";
import type { ExecutorName } from "./executor.ts";
import { executorFailure } from "./executor-failure.ts";
import { executorRoot, type ServiceOptions, type SystemContext } from "./system-context.ts";

/** What to call. */
export interface ExecutorCall {
  /** The executor's command and its options, without the id. */
  words: readonly string[];
  /** Words after the id. */
  operands?: readonly string[];
  /** Whether the program takes over the caller's standard streams. */
  ownStreams?: boolean;
  preserveFds?: number;
  cgroupView?: boolean;
  /** Whether an exit code other than 0 may be the container process's own. */
  relaysExitCode?: boolean;
}

/** An executor that has been started. */
export interface RunningExecutor {
  /** Host pid of the executor. */
  readonly pid: number;
  /**
   * Waits for the executor's end.
   *
   * @returns its exit code, which is 0 unless the call relays that of a process
   * @throws {ToolError | ProcessError | ComputeError} made of the executor's log
   */
  finish(): Promise<number>;
}

/** Starts an executor on a system. */
export async function startExecutor(context: SystemContext, call: ExecutorCall): Promise<RunningExecutor> {
  const { machine, options, record, folder, id } = context;
  const log = join(folder.path, `log.${callName()}.json`);
  const { executor } = record;
  const program = await machine.start({
    path: executor.path,
    args: [...globalWords(executor.name, options, log), ...call.words, "--", id, ...(call.operands ?? [])],
    ownStreams: call.ownStreams ?? false,
    readOnly: (call.ownStreams ?? false) && executor.name === "crun",
    followed: call.relaysExitCode ?? false,
    preserveFds: call.preserveFds ?? 0,
    cgroupView: call.cgroupView ?? false,
  });
  const finish = async (): Promise<number> => {
    const code = await program.wait();
    const text = await machine.readText(log);
    if (text !== undefined) await machine.remove(log);
    if (code === 0 || (call.relaysExitCode === true && !(text ?? "").includes('"error"'))) return code;
    throw executorFailure({ id, executor: executor.name, call, code, log: text ?? "" });
  };
  return { pid: program.pid, finish };
}

/** Calls an executor and waits for its end, as `startExecutor` and `finish`. */
export async function callExecutor(context: SystemContext, call: ExecutorCall): Promise<number> {
  const running = await startExecutor(context, call);
  return running.finish();
}

function globalWords(name: ExecutorName, options: ServiceOptions, log: string): string[] {
  const words = ["--root", executorRoot(options.root, name), "--log", log, "--log-format", "json"];
  if (options.systemdCgroup) words.push("--systemd-cgroup");
  if (options.rootless !== "auto") words.push(`--rootless=${options.rootless}`);
  return words;
}
