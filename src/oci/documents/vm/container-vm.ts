/** The utility VM that a container needs: whether it does, what it is made with, and its document. */
import type { ComputeSystem } from "../../../schema/hcs.ts";
import type { ContainerKind } from "../container-kind.ts";
import type { CreateOptions, HostingSystem } from "../create-options.ts";
import type { DocumentHost } from "../document-host.ts";
import { documentFault } from "../fault.ts";
import { OS_BUILDS } from "../os-builds.ts";
import { chooseSchemaVersion, SCHEMA_V1 } from "../schema-version.ts";
import { linuxVmOptions, type BootFiles } from "./linux-vm-options.ts";
import { linuxVm } from "./linux-vm.ts";
import type { LinuxVmOptions, WindowsVmOptions } from "./vm-options.ts";
import { vmProcessorCount } from "./vm-size.ts";
import { windowsVmOptions } from "./windows-vm-options.ts";
import { windowsVm } from "./windows-vm.ts";

/** What the VM of either guest is made with. */
export type ContainerVmOptions = LinuxVmOptions | WindowsVmOptions;

/** Files of the host from which VMs start. */
export interface VmFiles {
  boot: BootFiles;
  /** Folder of a Windows VM's image, unless the configuration names one. */
  utilityVmPath: string;
}

/**
 * Whether a VM is to be made for a container. With schema 1 the service makes that of a Windows container itself.
 *
 * @throws {BundleError} if it is a Linux container, and the host is too old for it
 */
export function needsVm(
  kind: ContainerKind,
  { schemaVersion }: Pick<CreateOptions, "schemaVersion">,
  host: Pick<DocumentHost, "osBuild" | "warn">,
): boolean {
  if (kind === "lcow") requireLinuxGuests(host);
  if (kind !== "xenon") return kind === "lcow";
  const chosen = chooseSchemaVersion({ requested: schemaVersion, isHosted: false }, host);
  return chosen.Major !== SCHEMA_V1.Major;
}

function requireLinuxGuests({ osBuild }: Pick<DocumentHost, "osBuild">): void {
  if (osBuild >= OS_BUILDS.RS5) return;
  const found = `Linux containers need Windows build ${OS_BUILDS.RS5}, the host's is ${osBuild}`;
  throw documentFault(["linux"], `is there, but ${found}`);
}

/** The id of the VM that is made for a container. */
export function vmId(id: string): string {
  return `${id}@vm`;
}

/** The container for which the VM of an id is made. */
export function vmContainer(id: string): string {
  return id.slice(0, id.lastIndexOf("@"));
}

/** What the VM of a container is made with. @throws {BundleError} if the configuration asks for what cannot be */
export function containerVmOptions(
  kind: ContainerKind,
  { id, owner, spec }: CreateOptions,
  files: VmFiles,
  host: Pick<DocumentHost, "osBuild">,
): ContainerVmOptions {
  const identity = { id: vmId(id), owner };
  return kind === "lcow"
    ? linuxVmOptions(spec, identity, files.boot, host)
    : windowsVmOptions(spec, identity, files.utilityVmPath);
}

/** The document of a VM. @throws {BundleError | UsageError} as `linuxVm` and `windowsVm` */
export function containerVm(options: ContainerVmOptions, host: DocumentHost): ComputeSystem {
  return isForLinux(options) ? linuxVm(options, host) : windowsVm(options, host);
}

/** A VM as the documents of its containers know it. */
export function hostingSystem(
  options: ContainerVmOptions,
  host: Pick<DocumentHost, "processors" | "warn">,
): HostingSystem {
  const processorCount = vmProcessorCount(options.processorCount, host);
  const { id } = options;
  if (isForLinux(options)) return { id, os: "linux", processorCount, isTemplate: false };
  return { id, os: "windows", processorCount, isTemplate: options.isTemplate };
}

/** Tells for which guest a VM is. */
export function isForLinux(options: ContainerVmOptions): options is LinuxVmOptions {
  return "kernelFile" in options;
}
