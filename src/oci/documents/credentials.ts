import { stringifyJson } from "../../base/lossless-json.ts";
import type { ContainerCredentialGuardState, ModificationRequest } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";

/** How the guard of credentials is reached from a container. */
type Transport = "LRPC" | "HvSocket";

/** The credential specification of a configuration as the text that HCS wants, undefined if there is none. */
export function credentialSpec({ windows }: Pick<OciConfig, "windows">): string | undefined {
  const spec = windows?.credentialSpec;
  if (spec === undefined || spec === "") return undefined;
  return typeof spec === "string" ? spec : stringifyJson(spec);
}

/** The request that makes the service guard a container's credentials; its answer goes into the document. */
export function addCredentialsRequest(id: string, spec: string, isHosted: boolean): ModificationRequest {
  const details = { Id: id, CredentialSpec: spec, Transport: transportOf(isHosted) };
  return guardRequest("AddInstance", details);
}

/** The request that ends the guard of a container's credentials. */
export function removeCredentialsRequest(id: string): ModificationRequest {
  return guardRequest("RemoveInstance", { Id: id });
}

/** What is known of a container's credentials before the service has been asked. */
export function unguardedCredentials(spec: string, isHosted: boolean): ContainerCredentialGuardState {
  return { Transport: transportOf(isHosted), CredentialSpec: spec };
}

function guardRequest(operation: string, details: object): ModificationRequest {
  const settings = { Operation: operation, OperationDetails: details };
  return { PropertyType: "ContainerCredentialGuard", Settings: settings };
}

function transportOf(isHosted: boolean): Transport {
  return isHosted ? "HvSocket" : "LRPC";
}
