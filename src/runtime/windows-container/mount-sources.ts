import { realpathSync, statSync } from "node:fs";
import { errnoCode, systemFault } from "../../base/errors.ts";
import { documentFault } from "../../oci/documents/fault.ts";
import { isPipe } from "../../oci/documents/guest-paths.ts";
import { OS_BUILDS } from "../../oci/documents/os-builds.ts";
import { shown } from "../../schema/faults.ts";
import type { OciMount } from "../../schema/oci.ts";

/**
 * Resolves the links in the sources of mounts: the filter driver that maps them into a container follows none, and a
 * container would follow a link inside of itself. Pipes are no files, and disks belong to VMs.
 *
 * @returns what stands for each source, by the mount's index
 * @throws {BundleError} if a source does not exist, or is a file that the host's build cannot map
 */
export function resolveMountSources(mounts: readonly OciMount[], osBuild: number): Map<number, string> {
  const sources = new Map<number, string>();
  for (const [index, { source = "", type = "" }] of mounts.entries()) {
    if (source === "" || type !== "" || isPipe(source)) continue;
    const path = realPath(source, index);
    if (osBuild < OS_BUILDS.RS5 && statSync(path).isFile()) {
      const problem = `is ${shown(source)}, a file, and Windows build ${osBuild} maps folders only`;
      throw documentFault(["mounts", index, "source"], problem);
    }
    sources.set(index, path);
  }
  return sources;
}

function realPath(source: string, index: number): string {
  try {
    // Not the native one, which follows drive letters of networks to their servers, too.
    return realpathSync(source);
  } catch (error) {
    const found =
      errnoCode(error) === "ENOENT" ? "does not exist" : `cannot be resolved: ${systemFault(error)}`;
    throw documentFault(["mounts", index, "source"], `is ${shown(source)}, which ${found}`);
  }
}
