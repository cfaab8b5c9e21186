import { resolve } from "node:path";
import type { OciConfig, OciMount } from "../schema/oci.ts";
import { isPipe } from "./documents/guest-paths.ts";

/** The scheme of sources that are in a VM; one letter would be a drive. */
const IN_VM = /^\w{2,}:\/\//;

/** Types of mounts whose sources are files or folders of the host. */
const TYPES = ["", "bind", "virtual-disk"];

/**
 * A configuration for a Windows host that names the sources of its mounts, and the root of a Linux container, by
 * absolute paths. Relative ones start at the bundle.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md#mounts
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md#root
 */
export function absolutePaths(config: OciConfig, bundle: string): OciConfig {
  const { mounts, root, linux } = config;
  const hasFolder = linux !== undefined && root !== undefined && root.path !== "";
  return {
    ...config,
    ...(hasFolder ? { root: { ...root, path: resolve(bundle, root.path) } } : {}),
    ...(mounts === undefined ? {} : { mounts: mounts.map((mount) => absolute(mount, bundle)) }),
  };
}

function absolute(mount: OciMount, bundle: string): OciMount {
  const { source = "", type = "" } = mount;
  const isOfHost = source !== "" && TYPES.includes(type) && !isPipe(source) && !IN_VM.test(source);
  return isOfHost ? { ...mount, source: resolve(bundle, source) } : mount;
}
