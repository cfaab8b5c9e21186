import { isAbsolute, join } from "node:path";
import { shown } from "../schema/faults.ts";
import type {
  LinuxDevice,
  LinuxResources,
  OciConfig,
  OciLinux,
  OciMount,
  OciProcess,
  OciRoot,
} from "../schema/oci.ts";
import { BUNDLE_PATH_KEY, CONTAINER_TYPE_KEY } from "./pod-annotations.ts";
import { configFault } from "./config-fault.ts";
import { containerType } from "./container-type.ts";
import { layeredRoot } from "./layered-root.ts";
import { splitEntry, type EnvVar } from "./env-vars.ts";

/** What a caller adds to a bundle's configuration. */
export interface ContainerPlacement {
  id: string;
  /** Folder of the bundle; a relative root file system starts here. */
  bundle: string;
  /** Path of the terminal, empty for none. */
  console: string;
  detach: boolean;
}

/** The first process of a container. */
export interface ContainerCommand {
  args: string[];
  env: EnvVar[];
  cwd: string;
  interactive: boolean;
  noNewPrivileges: boolean;
  /** User and group ids in decimal. */
  user: string;
  primaryGroup: string;
  supplementaryGroups: string[];
  capabilities: OciProcess["capabilities"];
  console: string;
  detach: boolean;
}

/** A mount with its one question answered. */
export interface ContainerMount {
  source: string;
  destination: string;
  type: string;
  options: string[];
  readOnly: boolean;
}

/** A device file of a container. */
export interface ContainerDevice {
  containerPath: string;
  type: LinuxDevice["type"];
  major: number | bigint;
  minor: number | bigint;
  uid: number;
  gid: number;
  /** 0 when the configuration leaves it open. */
  fileMode: number;
}

/** A container as its bundle and its caller describe it, without gaps. */
export interface ContainerConfig {
  id: string;
  /** Folder of the root file system; of one that is made of layers, the folder of its scratch. */
  rootfs: { target: string; mounted: true };
  readonlyRootfs: boolean;
  command: ContainerCommand;
  /** The bundle's own, and its path and the container's type under `BUNDLE_PATH_KEY` and `CONTAINER_TYPE_KEY`. */
  annotations: Record<string, string>;
  mounts: ContainerMount[];
  devices: ContainerDevice[];
  resources: LinuxResources;
  spec: OciConfig;
}

const ACTION = "configure the container";
const DEVICE_TYPES = ["c", "b", "u", "p"];

/**
 * Describes a Linux container by its bundle's configuration.
 *
 * Resources may be absent, which means none are limited.
 *
 * @throws {BundleError} `BUNDLE_INVALID` if `root`, `process` or `linux` is absent, a device has no path or an
 * unknown type, or an engine's annotation names an unknown type of container
 */
export function containerConfig(spec: OciConfig, placement: ContainerPlacement): ContainerConfig {
  const { id, bundle } = placement;
  const { root, process, linux } = requireSections(spec);
  return {
    id,
    rootfs: { target: rootFolder(spec, root, bundle), mounted: true },
    readonlyRootfs: root.readonly ?? false,
    command: toCommand(process, placement),
    annotations: {
      ...spec.annotations,
      [BUNDLE_PATH_KEY]: bundle,
      [CONTAINER_TYPE_KEY]: containerType(spec),
    },
    mounts: (spec.mounts ?? []).map(toMount),
    devices: (linux.devices ?? []).map(toDevice),
    resources: structuredClone(linux.resources ?? {}),
    spec,
  };
}

/** The folder of a scratch is absolute, and perhaps on a host with other paths than this one. */
function rootFolder(spec: OciConfig, { path }: OciRoot, bundle: string): string {
  return layeredRoot(spec) !== undefined || isAbsolute(path) ? path : join(bundle, path);
}

function requireSections(spec: OciConfig): { root: OciRoot; process: OciProcess; linux: OciLinux } {
  const { root, process, linux } = spec;
  const scratch = layeredRoot(spec)?.scratch;
  const found = scratch === undefined ? root : { ...root, path: scratch };
  if (found === undefined) throw configFault(ACTION, ["root"], "is missing");
  if (process === undefined) throw configFault(ACTION, ["process"], "is missing");
  if (linux === undefined) throw configFault(ACTION, ["linux"], "is missing");
  return { root: found, process, linux };
}

function toCommand(process: OciProcess, { console, detach }: ContainerPlacement): ContainerCommand {
  const { user = {} } = process;
  return {
    args: process.args ?? [],
    env: (process.env ?? []).flatMap((entry) => splitEntry(entry) ?? []),
    cwd: process.cwd,
    interactive: process.terminal ?? false,
    noNewPrivileges: process.noNewPrivileges ?? false,
    user: String(user.uid ?? 0),
    primaryGroup: String(user.gid ?? 0),
    supplementaryGroups: (user.additionalGids ?? []).map(String),
    capabilities: process.capabilities,
    console,
    detach,
  };
}

function toMount({ source = "", destination, type = "", options = [] }: OciMount): ContainerMount {
  return { source, destination, type, options, readOnly: options.includes("ro") };
}

function toDevice(device: LinuxDevice, index: number): ContainerDevice {
  const { path, type, major = 0, minor = 0, uid = 0, gid = 0, fileMode = 0 } = device;
  const place = ["linux", "devices", index];
  if (path === "") throw configFault(ACTION, [...place, "path"], "is empty");
  if (!DEVICE_TYPES.includes(type)) {
    throw configFault(ACTION, [...place, "type"], `is ${shown(type)}, must be one of c, b, u, p`);
  }
  return { containerPath: path, type, major, minor, uid, gid, fileMode };
}
