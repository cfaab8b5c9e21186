import type { MappedDirectory, MappedPipe } from "../../schema/hcs.ts";
import type { OciMount } from "../../schema/oci.ts";
import { shown } from "../../schema/faults.ts";
import type { DocumentHost } from "./document-host.ts";
import { documentFault } from "./fault.ts";
import { isPipe, pipeGuestPath, pipeName } from "./guest-paths.ts";
import { omitEmpty } from "./omit-empty.ts";
import { OS_BUILDS } from "./os-builds.ts";

/** The mounts of a Windows container, as documents name them. */
export interface WindowsMounts {
  directories: MappedDirectory[];
  pipes: MappedPipe[];
}

/** Where a Windows container runs. */
export interface MountPlace {
  isHosted: boolean;
  /** Paths that stand for the sources of mounts, by the mount's index. */
  sources: ReadonlyMap<number, string>;
}

const DISK_TYPES = ["physical-disk", "virtual-disk"];

/**
 * Converts mounts to mapped directories and pipes.
 *
 * @throws {BundleError} if a mount has no source, a type that is not served, or a pipe that the host cannot map
 */
export function windowsMounts(
  mounts: readonly OciMount[],
  place: MountPlace,
  host: Pick<DocumentHost, "osBuild">,
): WindowsMounts {
  const directories: MappedDirectory[] = [];
  const pipes: MappedPipe[] = [];
  mounts.forEach((mount, index) => {
    const source = requireSource(mount, index);
    requireServedType(mount, index, place.isHosted);
    if (isPipe(source)) pipes.push(mappedPipe(mount, index, place.isHosted, host));
    else directories.push(mappedDirectory(mount, place.sources.get(index) ?? source));
  });
  return { directories, pipes };
}

/** The source of a mount. @throws {BundleError} if it has none */
export function requireSource({ source = "" }: OciMount, index: number): string {
  if (source === "") throw documentFault(["mounts", index, "source"], "is missing");
  return source;
}

/** Disks can be attached to a VM only; every other source is a folder, a file or a pipe without a type. */
function requireServedType({ type = "" }: OciMount, index: number, isHosted: boolean): void {
  if (type === "" || (isHosted && DISK_TYPES.includes(type))) return;
  const allowed = isHosted ? "absent, physical-disk or virtual-disk" : "absent with process isolation";
  throw documentFault(["mounts", index, "type"], `is ${shown(type)}, must be ${allowed}`);
}

/** Whether the container must not write to a mount. */
export function isReadOnlyMount({ options = [] }: OciMount): boolean {
  return options.some((option) => option.toLowerCase() === "ro");
}

function mappedDirectory(mount: OciMount, hostPath: string): MappedDirectory {
  return omitEmpty<MappedDirectory>({
    HostPath: hostPath,
    ContainerPath: mount.destination,
    ReadOnly: isReadOnlyMount(mount),
  });
}

function mappedPipe(
  { source = "", destination }: OciMount,
  index: number,
  isHosted: boolean,
  { osBuild }: Pick<DocumentHost, "osBuild">,
): MappedPipe {
  if (osBuild < OS_BUILDS.RS3) {
    throw documentFault(["mounts", index], `is a named pipe, which Windows build ${osBuild} cannot map`);
  }
  return {
    HostPath: isHosted ? pipeGuestPath(source) : source,
    ContainerPipeName: pipeName(destination),
  };
}
