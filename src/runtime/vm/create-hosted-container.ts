import { cleanUpAfter, RuntimeError } from "../../base/errors.ts";
import type { HostedContainer } from "../../hcs/vm-system.ts";
import { hostedDocument } from "../../oci/documents/hosted-document.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import { Holdings } from "../../base/holdings.ts";
import type { HostedRequest } from "./hosted-request.ts";
import { takeLinuxResources } from "./take-linux-resources.ts";
import { takeWindowsResources } from "./take-windows-resources.ts";

/** A container that was made in a VM. */
export interface HostedCreation {
  container: HostedContainer;
  /** What it has of the VM. */
  holdings: Holdings;
}

/** A container could not be made, and what was taken for it is left for whoever asked for that. */
export class ResourcesLeftError extends RuntimeError {
  readonly holdings: Holdings;

  constructor(failure: RuntimeError, holdings: Holdings) {
    super(failure.code, failure.message, { cause: failure });
    this.holdings = holdings;
  }
}

/**
 * Makes a container in a VM: gives the VM its layers, mounts and network, and has the service make it from the
 * document that names them. If that fails, the VM has nothing more than before, unless the options say otherwise.
 *
 * @throws {BundleError | UsageError | UtilityVmError | ComputeError}
 * @throws {ResourcesLeftError} if the options ask for that
 */
export async function createHostedContainer(vm: UtilityVm, request: HostedRequest): Promise<HostedCreation> {
  const { options, host } = request;
  const holdings = new Holdings();
  try {
    const take = vm.os === "linux" ? takeLinuxResources : takeWindowsResources;
    const resources = await take(vm, request, holdings);
    const container = await vm.createContainer(options.id, hostedDocument(options, resources, host));
    return { container, holdings };
  } catch (error) {
    if (options.doNotReleaseResourcesOnFailure === true && error instanceof RuntimeError)
      throw new ResourcesLeftError(error, holdings);
    throw await cleanUpAfter(error, () => holdings.release());
  }
}
