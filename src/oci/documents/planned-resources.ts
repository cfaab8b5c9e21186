import { win32 } from "node:path";
import { containerKind } from "./container-kind.ts";
import type { ContainerResources } from "./container-resources.ts";
import type { CreateOptions } from "./create-options.ts";
import type { DocumentHost } from "./document-host.ts";
import {
  isPipe,
  lcowDiskPath,
  lcowRootPath,
  vsmbGuestPath,
  wcowDiskPath,
  wcowRootPath,
} from "./guest-paths.ts";
import { layerDocuments, layerFolders } from "./layers.ts";
import { hostedDevices } from "./hosted-devices.ts";
import { isHostMount } from "./lcow-specification.ts";
import { plannedCredentials, plannedNamespace } from "./planned-names.ts";
import { standInGuid } from "./stand-in-ids.ts";
import { isReadOnlyMount } from "./windows-mounts.ts";
import { vsmbShareName } from "./vm/vsmb-share.ts";

/**
 * The resources of a container as they would be made on an idle host, in a VM of its own, without making any: names
 * and numbers are the first of their kind, sources of mounts are folders, and what only the service knows is absent.
 *
 * @throws {BundleError} if a Windows container has no layers
 */
export function plannedResources(options: CreateOptions, host: DocumentHost): ContainerResources {
  const kind = containerKind(options.spec);
  if (kind === "lcow") return lcowResources(options, host);
  return options.hostingSystem === undefined ? hostResources(options, host) : wcowResources(options, host);
}

function hostResources(options: CreateOptions, host: DocumentHost): ContainerResources {
  const { root, windows } = options.spec;
  const { readOnly, scratch } = layerFolders(options.spec);
  // With hypervisor isolation in schema 1 the service mounts the scratch itself, and wants to know no volume.
  const isMounted = (root !== undefined && root.path !== "") || windows?.hyperv !== undefined;
  return {
    rootPath: isMounted ? (root?.path ?? "") : standInVolume(scratch, host),
    layers: layerDocuments(readOnly, readOnly, host),
    mountSources: new Map(),
    ...commonResources(options, host),
  };
}

function standInVolume(scratch: string, { warn }: Pick<DocumentHost, "warn">): string {
  warn("The volume of the root file system is made up: Windows names it when the scratch is mounted");
  return `\\\\?\\Volume{${standInGuid(`volume of ${scratch}`)}}\\`;
}

/** Each layer, and each folder of a mount, gets a share of its own unless it has one already. */
function wcowResources(options: CreateOptions, host: DocumentHost): ContainerResources {
  const { mounts = [] } = options.spec;
  const { readOnly } = layerFolders(options.spec);
  const shares = new Map<string, string>();
  const shareOf = (path: string, isReadOnly: boolean): string => {
    const key = `${comparable(path)}-${isReadOnly}`;
    const share = shares.get(key) ?? vsmbGuestPath(vsmbShareName(shares.size + 1));
    shares.set(key, share);
    return share;
  };
  const layerPaths = readOnly.map((folder) => shareOf(folder, true));
  const diskOf = diskPaths(wcowDiskPath);
  const sources = mounts.flatMap((mount, index): [number, string][] => {
    const { source = "", type = "" } = mount;
    if (isPipe(source)) return [];
    if (type !== "") return [[index, diskOf(source)]];
    return [[index, shareOf(source, isReadOnlyMount(mount))]];
  });
  return {
    rootPath: wcowRootPath(1),
    layers: layerDocuments(readOnly, layerPaths, host),
    mountSources: new Map(sources),
    devices: standInDevices(options, "windows", host),
    ...commonResources(options, host),
  };
}

function lcowResources(options: CreateOptions, host: DocumentHost): ContainerResources {
  const rootPath = lcowRootPath(options.id);
  const diskOf = diskPaths(lcowDiskPath);
  const sources = (options.spec.mounts ?? []).flatMap((mount, index): [number, string][] => {
    const { source = "", type } = mount;
    if (!isHostMount(mount) || source === "") return [];
    return [[index, type === "bind" ? `${rootPath}/mounts/m${index}` : diskOf(source)]];
  });
  const devices = standInDevices(options, "linux", host);
  return { rootPath, layers: [], mountSources: new Map(sources), devices, ...plannedNetwork(options, host) };
}

/** Only a VM that has been given a device knows what it is called in the guest. */
function standInDevices(
  { spec: { windows } }: CreateOptions,
  os: "windows" | "linux",
  { warn }: Pick<DocumentHost, "warn">,
): { id: string; idType: string }[] {
  const devices = hostedDevices(windows?.devices ?? [], os);
  if (devices.length > 0)
    warn("Names of devices in the guest are made up: they are known once the VM has them");
  return devices.map(({ idType, instancePath, virtualFunction }) => {
    const guid = standInGuid(`device ${instancePath.toLowerCase()}/${virtualFunction}`);
    return os === "linux" ? { id: guid, idType } : { id: `PCIROOT(${guid})`, idType: "vpci-location-path" };
  });
}

/** Gives each disk its place in the VM; one that is attached already keeps its first, but takes a number. */
function diskPaths(pathOf: (number: number) => string): (source: string) => string {
  const paths = new Map<string, string>();
  let mounts = 0;
  return (source) => {
    mounts += 1;
    const path = paths.get(source.toLowerCase()) ?? pathOf(mounts);
    paths.set(source.toLowerCase(), path);
    return path;
  };
}

/** A path in the one spelling of a folder that Windows takes for the same. */
function comparable(path: string): string {
  return win32.join(path, "\\").toLowerCase();
}

function commonResources(
  options: CreateOptions,
  host: DocumentHost,
): Pick<ContainerResources, "networkNamespace" | "credentials"> {
  const credentials = plannedCredentials(options, host);
  return { ...plannedNetwork(options, host), ...(credentials === undefined ? {} : { credentials }) };
}

function plannedNetwork(
  options: CreateOptions,
  host: DocumentHost,
): Pick<ContainerResources, "networkNamespace"> {
  const networkNamespace = plannedNamespace(options, host);
  return networkNamespace === undefined ? {} : { networkNamespace };
}
