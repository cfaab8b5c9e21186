/** The specification as one executor can read it. */
import { posix } from "node:path";
import type { OciConfig, OciMount } from "../../schema/oci.ts";
import type { ExecutorName } from "./executor.ts";

/** Given to crun instead of a version that is newer than itself: it refuses those, whatever they contain. */
const VERSION_FOR_CRUN = "1.1.0";

/**
 * Fits a specification to its executor: runc takes it from another folder than the bundle, so relative paths
 * become absolute; crun gets a version that it knows. Everything else stays as it is.
 */
export function executableSpecification(
  specification: OciConfig,
  bundle: string,
  executor: ExecutorName,
): OciConfig {
  if (executor === "crun") return { ...specification, ociVersion: knownVersion(specification.ociVersion) };
  const { root, mounts } = specification;
  return {
    ...specification,
    ...(root === undefined ? {} : { root: { ...root, path: posix.resolve(bundle, root.path) } }),
    ...(mounts === undefined ? {} : { mounts: mounts.map((mount) => absoluteSource(mount, bundle)) }),
  };
}

function knownVersion(version: string): string {
  return /^1\.[01](?:\.|$)/.test(version) ? version : VERSION_FOR_CRUN;
}

function absoluteSource(mount: OciMount, bundle: string): OciMount {
  const isBind =
    mount.type === "bind" || (mount.options ?? []).some((option) => option === "bind" || option === "rbind");
  if (!isBind || mount.source === undefined) return mount;
  return { ...mount, source: posix.resolve(bundle, mount.source) };
}
