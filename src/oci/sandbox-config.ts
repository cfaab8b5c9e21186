import { statfsSync } from "node:fs";
import { posix } from "node:path";
import { errnoCode } from "../base/errors.ts";
import type { OciConfig, OciMount } from "../schema/oci.ts";
import { configFault } from "./config-fault.ts";
import { containerConfig, type ContainerConfig, type ContainerPlacement } from "./container-config.ts";
import { BUNDLE_PATH_KEY } from "./pod-annotations.ts";

/** The sandbox of a pod, or of a container that stands alone, as its bundle and its caller describe it. */
export interface SandboxConfig {
  id: string;
  /** Empty for that of the host. */
  hostname: string;
  /** Path of the network namespace that the sandbox joins; undefined if none is named. */
  networkNamespace: string | undefined;
  /** The sandbox's own container; those that join it come later. */
  containers: [ContainerConfig];
  annotations: Record<string, string>;
  /** Bytes of the shared memory that the containers of the sandbox see at `/dev/shm`; 0 if the bundle has none there. */
  shmSize: number;
  /** Whether control groups are asked of systemd. */
  systemdCgroup: boolean;
}

const ACTION = "configure the sandbox";
const SHM = "/dev/shm";

/** Size of the shared memory where nothing says another one: that of every engine. */
const DEFAULT_SHM_SIZE = 64 * 2 ** 20;

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/**
 * Describes the sandbox of a Linux container by its bundle's configuration.
 *
 * @throws {BundleError} `BUNDLE_INVALID` as `containerConfig` does, or if the shared memory that the bundle brings
 *   cannot be found
 */
export function sandboxConfig(
  spec: OciConfig,
  placement: ContainerPlacement,
  { systemdCgroup }: Pick<SandboxConfig, "systemdCgroup">,
): SandboxConfig {
  const { id, bundle } = placement;
  return {
    id,
    hostname: spec.hostname ?? "",
    networkNamespace: networkNamespace(spec),
    containers: [containerConfig(spec, placement)],
    annotations: { [BUNDLE_PATH_KEY]: bundle },
    shmSize: shmSize(spec.mounts ?? []),
    systemdCgroup,
  };
}

function networkNamespace({ linux }: OciConfig): string | undefined {
  const named = (linux?.namespaces ?? []).filter(({ type, path = "" }) => type === "network" && path !== "");
  return named.at(-1)?.path;
}

/** A bound folder is as large as the file system that it lies on: an engine makes one for the whole pod. */
function shmSize(mounts: readonly OciMount[]): number {
  const index = mounts.findIndex(({ destination }) => posix.resolve("/", destination) === SHM);
  const mount = mounts[index];
  if (mount === undefined) return 0;
  const { source = "", options = [] } = mount;
  if (isBind(mount) && source !== SHM) return fileSystemSize(source, index);
  return options.map(sizeOption).findLast((size) => size !== undefined) ?? DEFAULT_SHM_SIZE;
}

function isBind({ type, options = [] }: OciMount): boolean {
  return type === "bind" || options.includes("bind") || options.includes("rbind");
}

function fileSystemSize(path: string, index: number): number {
  try {
    const { bsize, blocks } = statfsSync(path);
    return bsize * blocks;
  } catch (error) {
    const problem = `cannot be looked at (${errnoCode(error) ?? "unknown error"})`;
    throw configFault(ACTION, ["mounts", index, "source"], problem);
  }
}

/** The size of a tmpfs in bytes; undefined if the option is another one, or a share of the host's memory. */
function sizeOption(option: string): number | undefined {
  const [, digits, unit = ""] = /^size=(\d{1,15})([kmg]?)$/i.exec(option) ?? [];
  const size = Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
  return Number.isSafeInteger(size) ? size : undefined;
}
