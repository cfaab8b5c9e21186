/** What the installed executors can do beyond the commands that all have. */
import { PlatformError } from "../../base/errors.ts";
import type { Executor } from "./executor.ts";
import type { Machine } from "./machine.ts";

/** Asks an executor for its version. @returns undefined if it does not even start */
export async function executorVersion(machine: Machine, { path }: Executor): Promise<string | undefined> {
  const { code, output } = await machine.capture(path, ["--version"]);
  return code === 0 ? /version (\S+)/.exec(output)?.[1] : undefined;
}

/** Whether an executor has a command; distributions leave some out. */
export async function hasCommand(machine: Machine, { path }: Executor, command: string): Promise<boolean> {
  const { output } = await machine.capture(path, ["--help"]);
  return new RegExp(`^\\s+${command}\\s`, "m").test(output);
}

/**
 * Requires that containers of an executor can be checkpointed and restored.
 *
 * @throws {PlatformError} that names both things needed
 */
export async function requireCheckpoint(machine: Machine, executor: Executor): Promise<void> {
  const hasCriu = (await machine.findProgram("criu")) !== undefined;
  if (hasCriu && (await hasCommand(machine, executor, "checkpoint"))) return;
  const found = `the executor is ${executor.path}, criu is ${hasCriu ? "installed" : "not installed"}`;
  throw new PlatformError(
    "PLATFORM_MISSING",
    `Cannot checkpoint or restore: it needs runc as the executor and criu, but ${found}`,
    { hint: "Install runc and criu, and create the container with --executor runc" },
  );
}
