import type { ContainerConfig, HvRuntime } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";
import { containerCpuLimits } from "./container-limits.ts";
import type { ContainerResources } from "./container-resources.ts";
import type { CreateOptions } from "./create-options.ts";
import { credentialSpec } from "./credentials.ts";
import { deviceDocumentsV1 } from "./devices.ts";
import type { DocumentHost } from "./document-host.ts";
import { documentFault } from "./fault.ts";
import { layerFolders } from "./layers.ts";
import { memoryLimitInMb } from "./memory-limit.ts";
import { omitEmpty } from "./omit-empty.ts";
import { requireWritableRoot } from "./root-checks.ts";
import { containerStorageQos } from "./storage-limits.ts";
import { volumePath } from "./volume-path.ts";
import { windowsMounts } from "./windows-mounts.ts";

/**
 * A Windows container in schema 1. With hypervisor isolation the service itself makes its VM.
 *
 * @param utilityVmPath folder of the VM's image, if the configuration names none
 * @throws {BundleError} if the configuration asks for what cannot be served
 */
export function containerConfigV1(
  options: CreateOptions,
  resources: ContainerResources,
  host: DocumentHost,
  utilityVmPath?: string,
): ContainerConfig {
  const { id, owner, spec } = options;
  requireWritableRoot(spec);
  const { windows } = spec;
  const config = omitEmpty<ContainerConfig>({
    SystemType: "Container",
    Name: id,
    Owner: owner,
    HostName: spec.hostname,
    Servicing: windows?.servicing,
    IgnoreFlushesDuringBoot: windows?.ignoreFlushesDuringBoot,
    Credentials: credentialSpec(spec),
    AssignedDevices: deviceDocumentsV1(resources.devices ?? windows?.devices ?? []),
    ...root(spec, resources, utilityVmPath),
    ...limits(options, host),
    ...network(spec),
    ...mounts(spec, resources, host),
  });
  // The one member that is written even when it is false.
  return { ...config, HvPartition: windows?.hyperv !== undefined };
}

function root(
  spec: OciConfig,
  { layers, rootPath }: ContainerResources,
  utilityVmPath: string | undefined,
): ContainerConfig {
  const common = {
    LayerFolderPath: layerFolders(spec).scratch,
    Layers: layers.map(({ Id = "", Path = "" }) => ({ ID: Id, Path })),
  };
  const { hyperv } = spec.windows ?? {};
  if (hyperv === undefined) return { ...common, VolumePath: volumePath(rootPath) };
  return { ...common, HvRuntime: hvRuntime(hyperv.utilityVMPath || utilityVmPath) };
}

function hvRuntime(imagePath: string | undefined): HvRuntime {
  if (imagePath !== undefined && imagePath !== "") return { ImagePath: imagePath };
  throw documentFault(["windows", "hyperv", "utilityVMPath"], "is missing, and no layer has a UtilityVM");
}

function limits(options: CreateOptions, host: DocumentHost): ContainerConfig {
  const { spec } = options;
  const { count, limit, weight } = containerCpuLimits(options, host);
  const { IopsMaximum: iops, BandwidthMaximum: bandwidth } = containerStorageQos(spec) ?? {};
  return omitEmpty<ContainerConfig>({
    ProcessorCount: count,
    ProcessorMaximum: limit,
    ProcessorWeight: weight,
    MemoryMaximumInMB: memoryLimitInMb(spec),
    StorageBandwidthMaximum: bandwidth,
    StorageIOPSMaximum: iops,
    StorageSandboxSize: spec.windows?.resources?.storage?.sandboxSize,
  });
}

function network({ windows }: OciConfig): ContainerConfig {
  const { endpointList, allowUnqualifiedDNSQuery, DNSSearchList, networkSharedContainerName } =
    windows?.network ?? {};
  return omitEmpty<ContainerConfig>({
    EndpointList: endpointList,
    AllowUnqualifiedDNSQuery: allowUnqualifiedDNSQuery,
    DNSSearchList: DNSSearchList?.join(","),
    NetworkSharedContainerName: networkSharedContainerName,
  });
}

function mounts(spec: OciConfig, resources: ContainerResources, host: DocumentHost): ContainerConfig {
  const place = { isHosted: false, sources: resources.mountSources };
  const { directories, pipes } = windowsMounts(spec.mounts ?? [], place, host);
  return { MappedDirectories: directories, MappedPipes: pipes };
}
