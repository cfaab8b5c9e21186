import { PlatformError, UsageError } from "../../base/errors.ts";
import { parseJson } from "../../base/lossless-json.ts";
import { containerType, getContainerType } from "../../oci/container-type.ts";
import { containerKind, type ContainerKind } from "../../oci/documents/container-kind.ts";
import { OS_BUILDS } from "../../oci/documents/os-builds.ts";
import { needsVm, vmId } from "../../oci/documents/vm/container-vm.ts";
import { POD_ANNOTATIONS } from "../../oci/pod-annotations.ts";
import { sandboxId } from "../../oci/sandbox-id.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { ContainerVm } from "../../state/container-record.ts";
import type { NewContainer } from "../container-plan.ts";
import type { RuntimeOnWindows } from "./runtime-on-windows.ts";

/**
 * Tells in which VM a container has to be: the one that its caller names, that of its pod, or one of its own.
 *
 * @returns undefined for a container without a VM, or one whose VM the service makes itself
 * @throws {UsageError | ContainerStateError | PlatformError | BundleError}
 */
export function placeInVm(
  runtime: RuntimeOnWindows,
  { id, vm: { host, scaleCpuLimits } = {} }: NewContainer,
  spec: OciConfig,
  kind: ContainerKind,
): ContainerVm | undefined {
  const { osBuild, owners } = runtime.windows;
  if (kind === "lcow" && osBuild < OS_BUILDS.RS5) throw tooOld(id, osBuild);
  requireOwnSandboxId(id, spec);
  const scaling = scaleCpuLimits === true ? { scaleCpuLimits } : {};
  const existing = vmOfPod(runtime, { id, host, kind }, spec) ?? vmOfHost(runtime, id, host);
  if (existing !== undefined) {
    requireGuest(runtime, id, existing, kind);
    return { ...existing, ...scaling };
  }
  const isPodContainer = containerType(spec) === "pod_container";
  if (isPodContainer || !needsVm(kind, {}, { osBuild, warn: () => undefined })) return undefined;
  return { host: id, id: vmId(id), pipe: owners.newPipe(), ...scaling };
}

/** Only a container that joins a pod can name another sandbox than itself. */
function requireOwnSandboxId(id: string, spec: OciConfig): void {
  if (containerType(spec) === "pod_container") return;
  const { annotations = {} } = spec;
  const named = POD_ANNOTATIONS.map(({ sandboxIdKey }) => annotations[sandboxIdKey]).find(
    (value) => value !== undefined,
  );
  if (named !== undefined && named !== id) throw refusal(id, `sandbox ID must match ID, found "${named}"`);
}

interface PodMember {
  id: string;
  host: string | undefined;
  kind: ContainerKind;
}

/** The VM of the pod that a container joins. */
function vmOfPod(
  { store }: RuntimeOnWindows,
  { id, host, kind }: PodMember,
  spec: OciConfig,
): ContainerVm | undefined {
  if (containerType(spec) !== "pod_container") return undefined;
  const sandbox = sandboxId(spec);
  const { vm, annotations } = store.load(sandbox);
  if (getContainerType(annotations) !== "pod_sandbox")
    throw refusal(id, `container ${sandbox} is not a sandbox`);
  if (vm === undefined && host !== undefined) {
    const found = `sandbox container ${sandbox} is not running in a VM host, but host ${host} was specified`;
    throw refusal(id, found);
  }
  if (vm === undefined && kind !== "argon")
    throw refusal(id, `container ${sandbox} is not a VM isolated sandbox`);
  if (vm !== undefined && host !== undefined && vm.host !== host) {
    const found = `sandbox container ${sandbox} has a different host ${vm.host} from the requested host ${host}`;
    throw refusal(id, found);
  }
  return withoutScaling(vm);
}

function vmOfHost(
  { store }: RuntimeOnWindows,
  id: string,
  host: string | undefined,
): ContainerVm | undefined {
  if (host === undefined) return undefined;
  const { vm } = store.load(host);
  if (vm?.host !== host) throw refusal(id, `host container ${host} is not a VM host`);
  return withoutScaling(vm);
}

/** A VM was made for the kind of its first container, and its guest runs no others. */
function requireGuest(
  { store }: RuntimeOnWindows,
  id: string,
  { host }: ContainerVm,
  kind: ContainerKind,
): void {
  const guest = guestOf(containerKind(parseJson(store.loadConfiguration(host)) as OciConfig));
  if (guest === guestOf(kind)) return;
  throw refusal(
    id,
    `it is a ${guestOf(kind)} container, and the VM of container ${host} has a ${guest} guest`,
  );
}

function guestOf(kind: ContainerKind): "Linux" | "Windows" {
  return kind === "lcow" ? "Linux" : "Windows";
}

/** How limits are read is each container's own. */
function withoutScaling(vm: ContainerVm | undefined): ContainerVm | undefined {
  return vm === undefined ? undefined : { host: vm.host, id: vm.id, pipe: vm.pipe };
}

function refusal(id: string, found: string): UsageError {
  return new UsageError(`Cannot create container "${id}": ${found}`);
}

function tooOld(id: string, osBuild: number): PlatformError {
  const message = `Cannot create container "${id}": LCOW is not supported pre-RS5, this is build ${osBuild}`;
  return new PlatformError("PLATFORM_UNSUPPORTED", message);
}
