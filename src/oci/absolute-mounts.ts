import { resolve } from "node:path";
import type { OciConfig, OciMount } from "../schema/oci.ts";
import { isPipe } from "./documents/guest-paths.ts";

/** The scheme of sources that are in a VM. */
const IN_VM = /^\w+:\/\//;

/**
 * A configuration for a Windows host whose mounts name their sources by absolute paths. Relative ones start at the
 * bundle.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md#mounts
 */
export function absoluteMounts(config: OciConfig, bundle: string): OciConfig {
  const { mounts } = config;
  if (mounts === undefined) return config;
  return { ...config, mounts: mounts.map((mount) => absolute(mount, bundle)) };
}

function absolute(mount: OciMount, bundle: string): OciMount {
  const { source = "", type = "" } = mount;
  const isOfHost =
    source !== "" && (type === "" || type === "bind") && !isPipe(source) && !IN_VM.test(source);
  return isOfHost ? { ...mount, source: resolve(bundle, source) } : mount;
}
