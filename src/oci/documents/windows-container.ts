import type { Container, ContainerMemory, ContainerProcessor, Storage } from "../../schema/hcs.ts";
import { containerCpuLimits } from "./container-limits.ts";
import type { ContainerResources } from "./container-resources.ts";
import type { CreateOptions } from "./create-options.ts";
import { deviceDocuments } from "./devices.ts";
import type { DocumentHost } from "./document-host.ts";
import { memoryLimitInMb } from "./memory-limit.ts";
import { networkingDocument, TEMPLATE_NETWORK_NAMESPACE } from "./networking.ts";
import { omitEmpty, omitIfEmpty } from "./omit-empty.ts";
import { requireWritableRoot } from "./root-checks.ts";
import { containerStorageQos } from "./storage-limits.ts";
import { volumePath } from "./volume-path.ts";
import { windowsMounts } from "./windows-mounts.ts";

/**
 * A Windows container in schema 2: one that shares the host's kernel, or one in the VM of `hostingSystem`.
 *
 * @throws {BundleError} if the configuration asks for what cannot be served
 * @see https://learn.microsoft.com/virtualization/api/hcs/schemareference#Container
 */
export function windowsContainer(
  options: CreateOptions,
  resources: ContainerResources,
  host: DocumentHost,
): Container {
  const { spec, hostingSystem, isTemplate = false } = options;
  requireWritableRoot(spec);
  if (spec.windows?.servicing === true) host.warn("Servicing is left out: only schema 1.0 knows it");
  const isHosted = hostingSystem !== undefined;
  const mounts = windowsMounts(spec.mounts ?? [], { isHosted, sources: resources.mountSources }, host);
  const namespace = isTemplate ? TEMPLATE_NETWORK_NAMESPACE : resources.networkNamespace;
  return omitEmpty<Container>({
    GuestOs: omitIfEmpty({ HostName: spec.hostname }),
    Storage: storage(options, resources),
    MappedDirectories: mounts.directories,
    MappedPipes: mounts.pipes,
    Memory: omitIfEmpty<ContainerMemory>({ SizeInMB: memoryLimitInMb(spec) }),
    Processor: processor(options, host),
    Networking: networkingDocument(spec, namespace),
    ContainerCredentialGuard: resources.credentials,
    AssignedDevices: deviceDocuments(resources.devices ?? spec.windows?.devices ?? []),
  });
}

function processor(options: CreateOptions, host: DocumentHost): ContainerProcessor | undefined {
  const { count, limit, weight } = containerCpuLimits(options, host);
  return omitIfEmpty<ContainerProcessor>({ Count: count, Maximum: limit, Weight: weight });
}

function storage({ spec, hostingSystem }: CreateOptions, { layers, rootPath }: ContainerResources): Storage {
  return omitEmpty<Storage>({
    Layers: layers,
    Path: hostingSystem === undefined ? `${volumePath(rootPath)}\\` : rootPath,
    QoS: containerStorageQos(spec),
  });
}
