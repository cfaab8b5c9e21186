/**
 * Hooks of containers whose compute service executes none. Those that run on the host are run here: prestart and
 * createRuntime before the container's process can be started, poststart after its start, poststop after its removal.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/runtime.md#lifecycle
 */
import { isAbsolute } from "node:path";
import { stringifyJson } from "../../base/lossless-json.ts";
import { configFault } from "../../oci/config-fault.ts";
import { statusToOciState, type ContainerState } from "../../oci/oci-state.ts";
import { shown } from "../../schema/faults.ts";
import type { OciConfig, OciHooks } from "../../schema/oci.ts";
import type { ContainerRecord } from "../../state/container-record.ts";
import { runHook } from "./run-hook.ts";

/** A container and the hooks of its configuration. */
export interface HookedContainer {
  record: Pick<ContainerRecord, "id" | "ociVersion" | "annotations">;
  hooks: OciHooks;
}

/** Takes a failure that does not end the operation. */
export type Warn = (failure: unknown) => void;

/** Kinds of hooks that are run here. */
export const HOST_HOOKS = ["prestart", "createRuntime", "poststart", "poststop"] as const;

/** Those that would be executed in the container. */
const GUEST_HOOKS = ["createContainer", "startContainer"] as const;

/** Requires that every hook can be run here. @throws {BundleError} naming the hook that cannot */
export function requireHostHooks(id: string, { hooks = {} }: Pick<OciConfig, "hooks">): void {
  const action = `create container "${id}"`;
  for (const kind of GUEST_HOOKS)
    if ((hooks[kind]?.length ?? 0) > 0) {
      const problem = "cannot be executed: there is no way into the container before its process runs";
      throw configFault(action, ["hooks", kind, 0], problem);
    }
  for (const kind of HOST_HOOKS)
    hooks[kind]?.forEach(({ path }, index) => {
      if (isAbsolute(path)) return;
      throw configFault(
        action,
        ["hooks", kind, index, "path"],
        `is ${shown(path)}, must be an absolute path`,
      );
    });
}

/** Runs the hooks of a container that is being created. @throws {ToolError} of the first that fails */
export async function runCreateHooks({ record, hooks }: HookedContainer, pid: number): Promise<void> {
  const state = stateText(record, "Creating", pid);
  for (const kind of ["prestart", "createRuntime"] as const) await runAll({ record, hooks }, kind, state);
}

/**
 * Runs the hooks of a container that has been started. What the failure of one means depends on the version of the
 * specification that the container's configuration follows.
 *
 * @throws {ToolError} since version 1.3, with which the container has to be stopped
 */
export async function runStartHooks(
  { record, hooks }: HookedContainer,
  pid: number,
  warn: Warn,
): Promise<void> {
  const state = stateText(record, "Running", pid);
  await runAll({ record, hooks }, "poststart", state, isStrict(record.ociVersion) ? undefined : warn);
}

/** Runs the hooks of a container that has been removed. */
export async function runStopHooks(container: HookedContainer, warn: Warn): Promise<void> {
  await runAll(container, "poststop", stateText(container.record, "Stopped", 0), warn);
}

async function runAll(
  { record, hooks }: HookedContainer,
  kind: (typeof HOST_HOOKS)[number],
  state: string,
  warn?: Warn,
): Promise<void> {
  for (const [index, hook] of (hooks[kind] ?? []).entries()) {
    try {
      await runHook(hook, state, `/hooks/${kind}/${index} of container "${record.id}"`);
    } catch (error) {
      if (warn === undefined) throw error;
      warn(error);
    }
  }
}

function stateText(
  { id, annotations }: HookedContainer["record"],
  state: ContainerState,
  pid: number,
): string {
  return stringifyJson(statusToOciState({ id, state, pid, annotations }));
}

function isStrict(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 1 || (major === 1 && minor >= 3);
}
