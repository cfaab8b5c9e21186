import type { CreateOptions } from "../../oci/documents/create-options.ts";
import type { DocumentHost } from "../../oci/documents/document-host.ts";
import type { ContainerCredentialGuardInstance } from "../../schema/hcs.ts";
import type { NetworkNamespace } from "../../uvm/network-namespaces.ts";

/** A container to make in a VM. */
export interface HostedRequest {
  options: CreateOptions & Required<Pick<CreateOptions, "hostingSystem">>;
  host: DocumentHost;
  /** The network that the VM is given for the container; undefined if it has it already, or needs none. */
  network: NetworkNamespace | undefined;
  /** The guard of a Windows container's credentials. */
  guard?: ContainerCredentialGuardInstance;
}
