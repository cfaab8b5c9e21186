import { availableParallelism } from "node:os";
import { basename, win32 } from "node:path";
import { PlatformError, UsageError } from "../base/errors.ts";
import type { LinuxContainerDocument } from "../hcs/compute-service.ts";
import type { WindowsParts } from "../hcs/host.ts";
import { absolutePaths } from "../oci/absolute-paths.ts";
import { loadBundle } from "../oci/bundle.ts";
import { containerType } from "../oci/container-type.ts";
import { containerDocument } from "../oci/documents/container-document.ts";
import { containerKind } from "../oci/documents/container-kind.ts";
import type { CreateOptions } from "../oci/documents/create-options.ts";
import type { DocumentHost } from "../oci/documents/document-host.ts";
import { layerFolders } from "../oci/documents/layers.ts";
import { OS_BUILDS } from "../oci/documents/os-builds.ts";
import { plannedResources } from "../oci/documents/planned-resources.ts";
import type { SchemaVersion } from "../oci/documents/schema-version.ts";
import { standInGuid } from "../oci/documents/stand-in-ids.ts";
import { asksForTemplate } from "../oci/documents/template-checks.ts";
import {
  containerVm,
  containerVmOptions,
  hostingSystem,
  isForLinux,
  needsVm,
  type ContainerVmOptions,
  type VmFiles,
} from "../oci/documents/vm/container-vm.ts";
import { windowsDocument } from "../oci/documents/windows-document.ts";
import { sandboxId } from "../oci/sandbox-id.ts";
import { onOneLine } from "../schema/faults.ts";
import type { ComputeSystem, ContainerConfig } from "../schema/hcs.ts";
import type { OciConfig } from "../schema/oci.ts";
import { requireValidDocument } from "./require-valid-document.ts";
import { documentHost } from "./windows-container/document-host.ts";
import { findVmImage, linuxBootFiles } from "./windows-container/vm-files.ts";

/** What a document is to be made for. */
export interface DocumentRequest {
  /** Path of the bundle's folder. */
  bundle: string;
  owner: string;
  /** Undefined for the newest that the host knows. */
  schemaVersion?: SchemaVersion;
  /** Build number of Windows; undefined for that of `windows`, or else for version 1809. */
  osBuild?: number;
  /** The host, if it is a Windows host: it knows the ids of layers. */
  windows?: Pick<WindowsParts, "osBuild" | "processors" | "layerId">;
  /** Whether the document of the container's utility VM is wanted and not its own. */
  ofVm: boolean;
}

/** A document, and in what it differs from the one that a host would make. */
export interface BundleDocument {
  document: LinuxContainerDocument | ComputeSystem | ContainerConfig;
  notes: string[];
}

/** Where Windows keeps the kernel and root file system of Linux VMs. */
const BOOT_FILES = { folder: "C:\\Program Files\\Linux Containers", has: () => false };

const ASSUMED_FILES = "The files from which the VM starts are assumed: only the container's host has them";

const STAND_INS = "Ids of layers are stand-ins: only vmcompute.dll on the container's host knows them";

/**
 * Makes the document of a bundle's container, or of its utility VM, on any host, and without making anything ready.
 *
 * @throws {BundleError | UsageError} if the bundle or the request asks for what cannot be served
 * @throws {ComputeError} if the service cannot name a layer
 */
export async function bundleDocument(request: DocumentRequest): Promise<BundleDocument> {
  const bundle = loadBundle(request.bundle);
  const { path } = bundle;
  // Relative paths start at the bundle, which is where it is meant to be on its own host only.
  const spec = request.windows === undefined ? bundle.config : absolutePaths(bundle.config, path);
  if (spec.windows === undefined) {
    if (request.ofVm) throw withoutVm(path);
    return { document: containerDocument(bundle), notes: [] };
  }
  const notes = new Set<string>();
  const host = await hostOf(request, spec, notes);
  const document = windowsBundleDocument(spec, basename(path), request, host);
  await requireValidDocument(document, path);
  return { document, notes: [...notes] };
}

/** This host if it is the container's, or one that is only assumed. */
async function hostOf(
  { windows, osBuild = windows?.osBuild ?? OS_BUILDS.RS5 }: DocumentRequest,
  spec: OciConfig,
  notes: Set<string>,
): Promise<DocumentHost> {
  if (windows === undefined) return assumedHost(osBuild, notes);
  try {
    const folders = spec.windows?.layerFolders ?? [];
    return await documentHost({ ...windows, osBuild }, folders, (text) => notes.add(text));
  } catch (error) {
    // Windows has the library only with the feature that runs containers.
    if (!(error instanceof PlatformError && error.code === "PLATFORM_MISSING")) throw error;
    return { ...assumedHost(osBuild, notes), processors: windows.processors };
  }
}

function assumedHost(osBuild: number, notes: Set<string>): DocumentHost {
  return {
    osBuild,
    processors: availableParallelism(),
    layerId: (name) => {
      notes.add(STAND_INS);
      return standInGuid(name);
    },
    warn: (text) => notes.add(text),
  };
}

function windowsBundleDocument(
  spec: OciConfig,
  id: string,
  request: DocumentRequest,
  host: DocumentHost,
): ComputeSystem | ContainerConfig {
  const kind = containerKind(spec);
  const isTemplate = asksForTemplate(spec, kind);
  const { owner, schemaVersion } = request;
  const options: CreateOptions = {
    id,
    owner,
    spec,
    isTemplate,
    ...(schemaVersion === undefined ? {} : { schemaVersion }),
  };
  const files = vmFiles(spec, request);
  const vm = needsVm(kind, options, host)
    ? containerVmOptions(kind, { ...options, id: hostOfVm(options, host) }, files, host)
    : undefined;
  if (request.ofVm) return vmDocument(vm, options, request, host);
  const placed = vm === undefined ? options : { ...options, hostingSystem: hostingSystem(vm, host) };
  return windowsDocument(placed, plannedResources(placed, host), host, files.utilityVmPath);
}

/** The container for which the VM was made that a container runs in: itself, or the sandbox of its pod. */
function hostOfVm({ id, spec }: CreateOptions, { warn }: DocumentHost): string {
  if (containerType(spec) !== "pod_container") return id;
  warn("The VM of the pod is taken to be what one of the container's own would be");
  return sandboxId(spec);
}

function vmDocument(
  vm: ContainerVmOptions | undefined,
  { spec }: CreateOptions,
  { bundle, windows }: DocumentRequest,
  host: DocumentHost,
): ComputeSystem {
  if (vm === undefined || containerType(spec) === "pod_container") throw withoutVm(bundle);
  if (windows === undefined && isForLinux(vm)) host.warn(ASSUMED_FILES);
  return containerVm(vm, host);
}

/** Files from which VMs start: those of this host, or where they usually are. Images have theirs in the base layer. */
function vmFiles(spec: OciConfig, { windows }: DocumentRequest): VmFiles {
  const boot = windows === undefined ? BOOT_FILES : linuxBootFiles();
  if (spec.linux !== undefined) return { boot, utilityVmPath: "" };
  const { readOnly } = layerFolders(spec);
  const found = windows === undefined ? undefined : findVmImage(readOnly);
  return { boot, utilityVmPath: found ?? win32.join(readOnly.at(-1) ?? "", "UtilityVM") };
}

function withoutVm(bundle: string): UsageError {
  return new UsageError(
    `Cannot make the document of the utility VM of "${onOneLine(bundle)}": the container has none`,
  );
}
