import { UsageError } from "../../base/errors.ts";
import type { WindowsContainerDocument } from "../../hcs/compute-service.ts";
import { absolutePaths } from "../../oci/absolute-paths.ts";
import type { Bundle } from "../../oci/bundle.ts";
import { configFault } from "../../oci/config-fault.ts";
import { containerType } from "../../oci/container-type.ts";
import { containerKind } from "../../oci/documents/container-kind.ts";
import { BUNDLE_PATH_KEY, CONTAINER_TYPE_KEY } from "../../oci/pod-annotations.ts";
import { sandboxId } from "../../oci/sandbox-id.ts";
import type { OciConfig, OciProcess } from "../../schema/oci.ts";
import type { ContainerRecord, ContainerVm } from "../../state/container-record.ts";
import type { ContainerPlan, Isolation, NewContainer } from "../container-plan.ts";
import { requireHostHooks } from "../hooks/container-hooks.ts";
import { makeHostDocument } from "./make-host-document.ts";
import { makeVmDocument } from "./make-vm-document.ts";
import { placeInVm } from "./place-in-vm.ts";
import { releaseResources } from "./release-resources.ts";
import { requireServedAnnotations } from "./require-served-annotations.ts";
import type { RuntimeOnWindows } from "./runtime-on-windows.ts";

/**
 * Plans a container on a Windows host.
 *
 * @throws {BundleError | ContainerStateError | PlatformError | UsageError} if its bundle is for another host, or asks
 *   for what is not served
 */
export async function planWindowsContainer(
  runtime: RuntimeOnWindows,
  container: NewContainer,
  { path, config }: Bundle,
): Promise<ContainerPlan> {
  const { id } = container;
  const kind = containerKind(config);
  const vm = placeInVm(runtime, container, config, kind);
  const isolation: Isolation = kind === "argon" && vm === undefined ? "process" : "hypervisor";
  requireIsolation(container, isolation);
  const InitProcess = requireProcess(config);
  requireHostHooks(id, config);
  requireServedAnnotations({ id, spec: config, isInVm: vm !== undefined }, (text) => runtime.warn(text));
  const parts = { id, spec: absolutePaths(config, path), kind };
  const document = async (): Promise<WindowsContainerDocument> => ({
    ...(vm === undefined
      ? { System: await makeHostDocument(runtime, parts) }
      : { Vm: await makeVmDocument(runtime, { ...parts, vm, request: container.vm ?? {} }) }),
    InitProcess,
    GuestOs: kind === "lcow" ? "Linux" : "Windows",
    Owner: runtime.owner,
  });
  const record = newRecord(runtime, { id, path, spec: parts.spec, isolation, vm });
  return { record, document, release: () => releaseResources(runtime, id) };
}

interface RecordParts {
  id: string;
  /** Of the bundle. */
  path: string;
  spec: OciConfig;
  isolation: Isolation;
  vm: ContainerVm | undefined;
}

function newRecord(
  { owner }: RuntimeOnWindows,
  { id, path, spec, isolation, vm }: RecordParts,
): ContainerRecord {
  const type = containerType(spec);
  const rootPath = spec.root?.path ?? "";
  return {
    format: 1,
    id,
    owner,
    ociVersion: spec.ociVersion,
    bundle: path,
    rootfs: rootPath === "" ? (spec.windows?.layerFolders.at(-1) ?? "") : rootPath,
    created: new Date().toISOString(),
    isolation,
    ...(type === "pod_container" ? { sandboxId: sandboxId(spec) } : {}),
    ...(vm === undefined ? {} : { vm }),
    annotations: { ...spec.annotations, [BUNDLE_PATH_KEY]: path, [CONTAINER_TYPE_KEY]: type },
  };
}

/** A bundle cannot be asked for the other isolation than its own, because its layers are made for one. */
function requireIsolation({ id, isolation }: NewContainer, own: Isolation): void {
  if (isolation === undefined || isolation === own) return;
  const message = `Cannot create container "${id}" with ${isolation} isolation: its bundle asks for ${own} isolation`;
  throw new UsageError(message, { hint: "Change /windows/hyperv of config.json" });
}

function requireProcess({ process }: OciConfig): OciProcess {
  if (process === undefined) throw configFault("configure the container", ["process"], "is missing");
  return process;
}
