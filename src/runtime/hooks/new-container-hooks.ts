import type { InitAttachment } from "../../hcs/compute-service.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { ContainerRecord } from "../../state/container-record.ts";
import type { Runtime } from "../runtime.ts";
import { newHooks } from "./find-hooks.ts";

/** The hooks of a container that is being made, each for its moment. */
export interface NewContainerHooks {
  /** What the service calls. */
  attachment: Pick<InitAttachment, "onCreated" | "onStarted">;
  /** To be called when nothing is left of the container. */
  removed(): Promise<void>;
}

/** Prepares the hooks of a new container. @returns undefined if there are none to be run by this program */
export async function newContainerHooks(
  runtime: Runtime,
  record: ContainerRecord,
  config: OciConfig,
): Promise<NewContainerHooks | undefined> {
  const container = newHooks(runtime, record, config);
  if (container === undefined) return undefined;
  const { runCreateHooks, runStartHooks, runStopHooks } = await import("./container-hooks.ts");
  return {
    attachment: {
      onCreated: (pid) => runCreateHooks(container, pid),
      onStarted: (pid) => runStartHooks(container, pid, runtime.warn),
    },
    removed: () => runStopHooks(container, runtime.warn),
  };
}
