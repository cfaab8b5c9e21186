/** The specification as one executor can read it. */
import { posix } from "node:path";
import type { OciConfig, OciMount } from "../../schema/oci.ts";
import type { ExecutorName } from "./executor.ts";

/**
 * Makes relative paths absolute for an executor that takes its specification from another folder than the
 * bundle; everything else stays as it is.
 */
export function executableSpecification(
  specification: OciConfig,
  bundle: string,
  executor: ExecutorName,
): OciConfig {
  if (executor === "crun") return specification;
  const { root, mounts } = specification;
  return {
    ...specification,
    ...(root === undefined ? {} : { root: { ...root, path: posix.resolve(bundle, root.path) } }),
    ...(mounts === undefined ? {} : { mounts: mounts.map((mount) => absoluteSource(mount, bundle)) }),
  };
}

function absoluteSource(mount: OciMount, bundle: string): OciMount {
  const isBind =
    mount.type === "bind" || (mount.options ?? []).some((option) => option === "bind" || option === "rbind");
  if (!isBind || mount.source === undefined) return mount;
  return { ...mount, source: posix.resolve(bundle, mount.source) };
}
