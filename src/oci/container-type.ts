import { shown } from "../schema/faults.ts";
import type { OciConfig } from "../schema/oci.ts";
import { CONTAINER_TYPE_KEY, POD_ANNOTATIONS } from "./pod-annotations.ts";
import { configFault } from "./config-fault.ts";

/** Whether a container is the sandbox of a pod (or stands alone) or joins one. */
export type ContainerType = "pod_sandbox" | "pod_container";

const ACTION = "tell the type of the container";

/**
 * Tells the type of a container by the annotations that its engine has set.
 *
 * A value counts only under the key of its own engine. Without any key a container is its own sandbox.
 *
 * @throws {BundleError} `BUNDLE_INVALID` if the first key that is there has another value
 */
export function containerType({ annotations = {} }: Pick<OciConfig, "annotations">): ContainerType {
  const engine = POD_ANNOTATIONS.find(({ typeKey }) => annotations[typeKey] !== undefined);
  if (engine === undefined) return "pod_sandbox";
  const { typeKey, sandboxValue, containerValue } = engine;
  const value = annotations[typeKey];
  if (value === sandboxValue) return "pod_sandbox";
  if (value === containerValue) return "pod_container";
  const problem = `is ${shown(value)}, must be "${sandboxValue}" or "${containerValue}"`;
  throw configFault(ACTION, ["annotations", typeKey], problem);
}

/**
 * Reads the type that a container's own configuration keeps.
 *
 * @throws {BundleError} `BUNDLE_INVALID` if there is none or it is no type
 */
export function getContainerType(annotations: Readonly<Record<string, string>>): ContainerType {
  const value = annotations[CONTAINER_TYPE_KEY];
  if (value === "pod_sandbox" || value === "pod_container") return value;
  const problem =
    value === undefined ? "is missing" : `is ${shown(value)}, must be "pod_sandbox" or "pod_container"`;
  throw configFault(ACTION, ["annotations", CONTAINER_TYPE_KEY], problem);
}
