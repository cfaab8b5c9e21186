/** Adds a process to a running container. */
import { join } from "node:path";
import { callName } from "../../base/call-name.ts";
import { PlatformError } from "../../base/errors.ts";
import { stringifyJson } from "../../base/lossless-json.ts";
import type { Attachment, ComputeProcess, ProcessParameters } from "../compute-service.ts";
import { readCgroupPaths } from "./cgroups/cgroup-paths.ts";
import { containerProcess } from "./container-process.ts";
import { initProcess } from "./container-properties.ts";
import { startExecutor } from "./executor-call.ts";
import { readPid, requirePidFile, watchPid, writePidFile } from "./pid-file.ts";
import { requireLabel } from "./selinux-label.ts";
import { checkProgram, fileUser } from "./program-check.ts";
import type { SystemContext } from "./system-context.ts";

/**
 * Starts a process in a container. Detached, it runs when this returns; attached, `wait` follows it.
 *
 * @throws {ProcessError} when the program cannot be launched (at once when detached, else from `wait`)
 */
export async function execInContainer(
  context: SystemContext,
  parameters: ProcessParameters,
  attachment: Attachment,
): Promise<ComputeProcess> {
  await requireServed(context, parameters);
  await checkExecutable(context, parameters);
  requirePidFile(attachment.pidFile);
  const { machine, folder } = context;
  const base = join(folder.path, `exec.${callName()}`);
  const files = { process: `${base}.json`, pid: `${base}.pid` };
  await machine.writeText(files.process, stringifyJson(parameters.OciProcess));
  const pidFile = attachment.detached ? undefined : attachment.pidFile;
  const stopWatch = watchPid(machine, files.pid, pidFile);
  const cleanUp = async (): Promise<void> => {
    try {
      await stopWatch();
    } finally {
      for (const path of Object.values(files)) await machine.remove(path);
    }
  };
  try {
    const executor = await startExecutor(context, {
      words: execWords(files, parameters, attachment),
      ownStreams: true,
      preserveFds: attachment.preserveFds,
      relaysExitCode: !attachment.detached,
    });
    if (!attachment.detached)
      return containerProcess(context, executor.pid, () => executor.finish().finally(cleanUp));
    await executor.finish();
    const pid = await readPid(machine, files.pid);
    writePidFile(attachment.pidFile, pid);
    await cleanUp();
    return containerProcess(context, pid ?? 0, async () => 0);
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

function execWords(
  files: { process: string; pid: string },
  { Cgroups = [], IgnorePaused = false }: ProcessParameters,
  attachment: Attachment,
): string[] {
  const words = ["exec", "--process", files.process, "--pid-file", files.pid];
  if (attachment.detached) words.push("--detach");
  if (attachment.consoleSocket !== undefined) words.push("--console-socket", attachment.consoleSocket);
  if (attachment.preserveFds > 0) words.push("--preserve-fds", String(attachment.preserveFds));
  if (IgnorePaused) words.push("--ignore-paused");
  for (const cgroup of Cgroups) words.push("--cgroup", cgroup);
  return words;
}

/** Requires that the executor honours all that is asked for. @throws {PlatformError} */
async function requireServed(context: SystemContext, parameters: ProcessParameters): Promise<void> {
  requirePausedExec(context, parameters);
  await requireLabel(`container "${context.id}"`, context.machine, parameters.OciProcess);
  await requireCgroups(context, parameters);
}

/** @throws {PlatformError} if the executor cannot add a process to a paused container */
function requirePausedExec({ id, record }: SystemContext, { IgnorePaused }: ProcessParameters): void {
  if (IgnorePaused !== true || record.executor.name === "runc") return;
  const message = `Cannot exec in the paused container "${id}": its executor, ${record.executor.name}, cannot do that`;
  throw new PlatformError("PLATFORM_UNSUPPORTED", message, {
    hint: "Resume the container first, or create it with --executor runc",
  });
}

/**
 * crun leaves a process in the caller's own group, outside all limits, wherever the container has no such sub-group.
 *
 * @throws {PlatformError}
 */
async function requireCgroups(context: SystemContext, { Cgroups = [] }: ProcessParameters): Promise<void> {
  const { id, machine, record } = context;
  if (Cgroups.length === 0 || record.executor.name === "runc") return;
  const init = await initProcess(context);
  const paths = init === undefined ? undefined : await readCgroupPaths(machine, init.pid);
  if (paths === undefined) return; // The container has ended.
  const { controllers, unified } = paths;
  const folders = [...Object.values(controllers), ...(unified === undefined ? [] : [unified])];
  for (const group of Cgroups.flatMap((cgroup) => folders.map((folder) => join(folder, cgroup)))) {
    if (await machine.exists(group)) continue;
    const message = `Cannot exec in container "${id}" with --cgroup: there is no control group "${group}"`;
    throw new PlatformError("PLATFORM_MISSING", message, { hint: "Make it in every hierarchy first" });
  }
}

async function checkExecutable(
  context: SystemContext,
  { OciProcess: process }: ProcessParameters,
): Promise<void> {
  const init = await initProcess(context);
  if (init === undefined) return;
  const { args = [], env = [], cwd } = process;
  const root = `/proc/${init.pid}/root`;
  const user = (await hasIdsOfHost(context, init.pid)) ? fileUser(process) : undefined;
  const { machine } = context;
  await checkProgram(`container "${context.id}"`, { machine, root, mounts: [], user, args, env, cwd });
}

/** Whether a process counts user ids as the host does: its user namespace maps all of them to themselves. */
async function hasIdsOfHost({ machine }: SystemContext, pid: number): Promise<boolean> {
  return /^\s*0\s+0\s+4294967295\s*$/.test((await machine.readText(`/proc/${pid}/uid_map`)) ?? "");
}
