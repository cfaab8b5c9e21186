import type { OciConfig } from "../schema/oci.ts";
import { POD_ANNOTATIONS } from "./pod-annotations.ts";
import { configFault } from "./config-fault.ts";

const ACTION = "tell the sandbox of the container";

/**
 * Tells the id of the sandbox that a container joins; to be asked only of the type `pod_container`.
 *
 * @throws {BundleError} `BUNDLE_INVALID` if no engine has named a sandbox, or its id is empty
 */
export function sandboxId({ annotations = {} }: Pick<OciConfig, "annotations">): string {
  const key = POD_ANNOTATIONS.map(({ sandboxIdKey }) => sandboxIdKey).find(
    (name) => annotations[name] !== undefined,
  );
  const id = key === undefined ? undefined : annotations[key];
  if (key === undefined || id === undefined) throw configFault(ACTION, ["annotations"], "names no sandbox");
  if (id === "") throw configFault(ACTION, ["annotations", key], "is empty");
  return id;
}
