import type { HostComputeNamespace, NamespaceResource } from "../../schema/hcs-network.ts";
import type { HnsNamespace } from "../../schema/hns.ts";

/** The version of the schema in which guests are told of networks. */
const SCHEMA_VERSION = { Major: 2, Minor: 0 };

/**
 * A network namespace as guests are told of it: in the words of version 2 of the network service, which has the same as
 * version 1 under other names.
 */
export function namespaceDocument(namespace: HnsNamespace): HostComputeNamespace {
  const { ID, IsDefault = false, ResourceList, CompartmentId } = namespace;
  return {
    ...(ID === undefined ? {} : { ID }),
    ...(CompartmentId === undefined ? {} : { NamespaceId: CompartmentId }),
    Type: IsDefault ? "HostDefault" : "Host",
    Resources: (ResourceList ?? []) as NamespaceResource[],
    SchemaVersion: SCHEMA_VERSION,
  };
}
