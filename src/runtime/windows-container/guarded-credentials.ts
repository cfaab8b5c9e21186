/**
 * The guard of a container's credentials: with it a container acts as the account of its credential specification
 * (a group managed service account), whose password the container never sees.
 */
import type { HostService } from "../../hcs/host-service.ts";
import { ComputeError, HcsResult } from "../../hcs/results.ts";
import {
  addCredentialsRequest,
  credentialSpec,
  removeCredentialsRequest,
} from "../../oci/documents/credentials.ts";
import { OS_BUILDS } from "../../oci/documents/os-builds.ts";
import type { ContainerCredentialGuardInstance, ContainerCredentialGuardState } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { RuntimeOnWindows } from "./runtime-on-windows.ts";

/** A container whose credentials are to be guarded. */
export interface GuardedContainer {
  id: string;
  /** The credential specification as JSON. */
  spec: string;
  /** Whether it runs in a VM, which reaches the guard over a socket of the hypervisor. */
  isHosted: boolean;
}

/**
 * Guards the credentials of a container, unless its configuration names none or its document, one of schema 1,
 * carries them itself.
 *
 * @param isHosted whether it runs in a VM
 * @param note called with the instance's id before there is one
 * @returns what the container's document says of them
 * @throws {ComputeError}
 */
export async function guardOwnCredentials(
  { windows }: RuntimeOnWindows,
  { id, spec: config, isHosted }: { id: string; spec: OciConfig; isHosted: boolean },
  note: (instance: string) => void,
): Promise<ContainerCredentialGuardState | undefined> {
  const spec = credentialSpec(config);
  if (spec === undefined || windows.osBuild < OS_BUILDS.RS5) return undefined;
  const { CredentialGuard } = await guardCredentials(windows.service, { id, spec, isHosted }, note);
  return CredentialGuard;
}

/**
 * Makes the service guard the credentials of a container until {@link unguardCredentials}.
 *
 * @param note called with the instance's id before there is one
 * @throws {ComputeError} isAlreadyExists if it guards those of another container of this id
 */
export async function guardCredentials(
  service: HostService,
  { id, spec, isHosted }: GuardedContainer,
  note: (instance: string) => void,
): Promise<ContainerCredentialGuardInstance> {
  if ((await findGuard(service, id)) !== undefined) {
    const found = "the service guards the credentials of a container of this id already";
    throw failure(id, HcsResult.SYSTEM_ALREADY_EXISTS, found);
  }
  note(id);
  await service.modify(addCredentialsRequest(id, spec, isHosted));
  const instance = await findGuard(service, id);
  if (instance?.CredentialGuard !== undefined) return instance;
  throw failure(id, HcsResult.ELEMENT_NOT_FOUND, "the service does not guard its credentials");
}

/** Ends the guard of credentials. The service forgets it when it ends, so that an absent one is no error. */
export async function unguardCredentials(service: HostService, instance: string): Promise<void> {
  if ((await findGuard(service, instance)) === undefined) return;
  await service.modify(removeCredentialsRequest(instance));
}

/** Finds the guard of a container's credentials. @returns undefined if there is none @throws {ComputeError} */
export async function findGuard(
  service: HostService,
  id: string,
): Promise<ContainerCredentialGuardInstance | undefined> {
  const [found] = await service.properties(["ContainerCredentialGuard"]);
  const { Instances } = (found ?? {}) as { Instances?: ContainerCredentialGuardInstance[] | null };
  return (Instances ?? []).find((instance) => instance.Id === id);
}

function failure(id: string, hresult: number, found: string): ComputeError {
  const message = `Cannot create container "${id}": ${found}`;
  return new ComputeError({ operation: "create", systemId: id, hresult, message });
}
