import type { Networking } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";
import { omitEmpty } from "./omit-empty.ts";

/** Stands in a VM to clone from for the namespace that each clone will get. */
export const TEMPLATE_NETWORK_NAMESPACE = "89EB8A86-E253-41FD-9800-E6D88EB2E18A";

/** The namespace that a container joins: the one asked for, else that of its configuration; undefined for none. */
export function chosenNamespace(
  { windows }: Pick<OciConfig, "windows">,
  requested: string | undefined,
): string | undefined {
  if (windows?.network === undefined) return undefined;
  const chosen = requested ?? windows.network.networkNamespace;
  return chosen === "" ? undefined : chosen;
}

/** The network of a container, undefined if its configuration has none. */
export function networkingDocument(
  { windows }: Pick<OciConfig, "windows">,
  namespace: string | undefined,
): Networking | undefined {
  const network = windows?.network;
  if (network === undefined) return undefined;
  return omitEmpty<Networking>({
    AllowUnqualifiedDnsQuery: network.allowUnqualifiedDNSQuery,
    DnsSearchList: network.DNSSearchList?.join(","),
    NetworkSharedContainerName: network.networkSharedContainerName,
    Namespace: namespace,
  });
}
