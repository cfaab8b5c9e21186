import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { PlatformError, type ErrorCode } from "../../base/errors.ts";
import { parseJson } from "../../base/lossless-json.ts";
import { annotationValue, type AnnotationName } from "../../oci/annotations.ts";
import { configFault } from "../../oci/config-fault.ts";
import { driverFolders, gpuDriverDisk } from "../../oci/documents/device-drivers.ts";
import { hostedDevices } from "../../oci/documents/hosted-devices.ts";
import { OS_BUILDS } from "../../oci/documents/os-builds.ts";
import { shown } from "../../schema/faults.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { ContainerVm } from "../../state/container-record.ts";
import type { PlannedContainer } from "./make-host-document.ts";
import type { RuntimeOnWindows } from "./runtime-on-windows.ts";
import { deviceTool } from "./vm-files.ts";

/** A container, and the VM that it is planned in. */
interface PlacedContainer extends PlannedContainer {
  vm: ContainerVm;
}

const DRIVERS = "io.microsoft.assigneddevice.kerneldrivers";
const GPU_DISK = "io.microsoft.lcow.gpuvhdpath";
const PCI = "io.microsoft.virtualmachine.lcow.vpcienabled";

/**
 * Makes sure, before anything is made, that a VM can be given the devices of a container, and has what they need.
 *
 * @throws {BundleError} if a device, or where its drivers are, cannot be served
 * @throws {PlatformError} if the host or the VM has no way to serve them
 */
export function requireDevices(runtime: RuntimeOnWindows, container: PlacedContainer): void {
  const { id, spec, kind } = container;
  const os = kind === "lcow" ? "linux" : "windows";
  const devices = hostedDevices(spec.windows?.devices ?? [], os);
  if (os === "windows") for (const folder of driverFolders(spec.annotations)) requirePath(DRIVERS, folder);
  else if (driverFolders(spec.annotations).length > 0)
    throw annotationFault(DRIVERS, "is there, but drivers are installed in VMs with a Windows guest only");
  if (devices.length === 0) return;
  const { osBuild } = runtime.windows;
  if (osBuild < OS_BUILDS.V20H1) {
    const found = `they are assigned from Windows build ${OS_BUILDS.V20H1} on, this is build ${osBuild}`;
    throw unserved(id, "PLATFORM_UNSUPPORTED", found);
  }
  if (os === "windows") requireTool(id);
  else {
    requirePci(runtime, container);
    if (devices.some(({ idType }) => idType === "gpu")) requireGpuDisk(spec);
  }
}

function requireTool(id: string): void {
  const tool = deviceTool();
  if (isThere(tool, "file")) return;
  const hint = "Put device-util.exe of hcsshim there: it tells in the VM where a device is seen";
  throw unserved(id, "PLATFORM_MISSING", `there is no file "${tool}"`, hint);
}

/** Linux VMs start without PCI unless they are asked for it, because it takes time. */
function requirePci({ store }: RuntimeOnWindows, { id, spec, vm: { host } }: PlacedContainer): void {
  const owner = host === id ? spec : (parseJson(store.loadConfiguration(host)) as OciConfig);
  if (annotationValue(owner.annotations, PCI) === true) return;
  const found = `the VM of container "${host}" has no PCI, as the annotation "${PCI}" of that is not "true"`;
  throw unserved(id, "PLATFORM_UNSUPPORTED", found);
}

function requireGpuDisk({ annotations }: OciConfig): void {
  const disk = gpuDriverDisk(annotations);
  if (disk === undefined)
    throw annotationFault(GPU_DISK, "is missing, must name the disk with drivers of GPUs");
  requirePath(GPU_DISK, disk, "file");
}

function requirePath(annotation: AnnotationName, path: string, kind: "file" | "folder" = "folder"): void {
  if (!isAbsolute(path)) throw annotationFault(annotation, `names ${shown(path)}, must name absolute paths`);
  if (!isThere(path, kind)) throw annotationFault(annotation, `names ${shown(path)}, which is no ${kind}`);
}

function isThere(path: string, kind: "file" | "folder"): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return kind === "file" ? found?.isFile() === true : found?.isDirectory() === true;
}

function annotationFault(annotation: AnnotationName, problem: string): Error {
  return configFault("give the VM the devices of the container", ["annotations", annotation], problem);
}

function unserved(
  id: string,
  code: Extract<ErrorCode, `PLATFORM_${string}`>,
  found: string,
  hint?: string,
): Error {
  const message = `Cannot give the devices of container "${id}" to its VM: ${found}`;
  return new PlatformError(code, message, hint === undefined ? {} : { hint });
}
