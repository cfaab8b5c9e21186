import { posix } from "node:path";
import type { LinuxResources, OciConfig, OciMount, OciWindows } from "../../schema/oci.ts";
import { documentFault } from "./fault.ts";
import { requireSource } from "./windows-mounts.ts";

const DISK_TYPES = ["physical-disk", "virtual-disk"];

/** The scheme of sources that are folders of the pod's sandbox in the VM. */
const SANDBOX_PREFIX = "sandbox://";

/**
 * The specification of a Linux container as its guest gets it: without what only the host knows or does, sources of
 * mounts and the root being paths in the VM.
 *
 * @param rootPath folder of the container in the VM
 * @param mountSources paths in the VM of the sources of bind mounts and disks, by the mount's index
 * @throws {BundleError} if there is no root, or a mount lacks its source
 */
export function lcowSpecification(
  spec: OciConfig,
  rootPath: string,
  mountSources: ReadonlyMap<number, string>,
): OciConfig {
  const { windows, hooks: _, root, linux, mounts, ...rest } = spec;
  requireRoot(spec);
  const guestWindows = guestWindowsSection(windows);
  return {
    ...rest,
    root: { ...root, path: posix.join(rootPath, "rootfs") },
    ...(mounts === undefined ? {} : { mounts: mounts.map((m, at) => guestMount(m, at, mountSources)) }),
    ...(linux === undefined ? {} : { linux: guestLinux(linux) }),
    ...(guestWindows === undefined ? {} : { windows: guestWindows }),
  };
}

/** Tells whether the source of a mount has to be brought into the VM. */
export function isHostMount({ type = "", source = "" }: OciMount): boolean {
  if (source.startsWith(SANDBOX_PREFIX)) return false;
  return type === "bind" || DISK_TYPES.includes(type);
}

function requireRoot({ root, windows }: OciConfig): void {
  const hasLayers = (windows?.layerFolders.length ?? 0) > 0;
  if (hasLayers || (root !== undefined && root.path !== "")) return;
  throw documentFault(["root", "path"], "is missing, and so is /windows/layerFolders");
}

function guestMount(mount: OciMount, index: number, sources: ReadonlyMap<number, string>): OciMount {
  if (!isHostMount(mount)) return mount;
  const source = sources.get(index) ?? requireSource(mount, index);
  // The guest has mounted the disk; the container binds what is on it.
  return DISK_TYPES.includes(mount.type ?? "") ? { ...mount, type: "none", source } : { ...mount, source };
}

function guestLinux(linux: NonNullable<OciConfig["linux"]>): NonNullable<OciConfig["linux"]> {
  const { cgroupsPath: _cgroup, seccomp: _seccomp, resources, ...rest } = linux;
  return resources === undefined ? rest : { ...rest, resources: guestResources(resources) };
}

/** The guest limits memory and CPU; the other controllers are not its own. */
function guestResources(resources: LinuxResources): LinuxResources {
  const {
    devices: _devices,
    pids: _pids,
    blockIO: _blockIO,
    hugepageLimits: _hugepageLimits,
    network: _network,
    ...rest
  } = resources;
  return rest;
}

/** Only the namespace and the devices mean something to the guest. */
function guestWindowsSection(windows: OciWindows | undefined): OciWindows | undefined {
  const namespace = windows?.network?.networkNamespace;
  const devices = windows?.devices ?? [];
  if (namespace === undefined && devices.length === 0) return undefined;
  return {
    layerFolders: [],
    ...(namespace === undefined ? {} : { network: { networkNamespace: namespace } }),
    ...(devices.length === 0 ? {} : { devices }),
  };
}
