import { cleanUpAfter } from "../../base/errors.ts";
import type { Holdings } from "../../base/holdings.ts";
import type { HostedContainer } from "../../hcs/vm-system.ts";
import { hostedDocument } from "../../oci/documents/hosted-document.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import type { HostedRequest } from "./hosted-request.ts";
import { takeLinuxResources } from "./take-linux-resources.ts";
import { takeWindowsResources } from "./take-windows-resources.ts";

/**
 * Makes a container in a VM: gives the VM its layers, mounts and network, and has the service make it from the
 * document that names them. If that fails, the VM has nothing more than before, unless the options say otherwise.
 *
 * @param holdings what the container has of the VM; after a failure, what could not be given back
 * @throws {BundleError | UsageError | UtilityVmError | ComputeError}
 */
export async function createHostedContainer(
  vm: UtilityVm,
  request: HostedRequest,
  holdings: Holdings,
): Promise<HostedContainer> {
  const { options, host } = request;
  try {
    const take = vm.os === "linux" ? takeLinuxResources : takeWindowsResources;
    const resources = await take(vm, request, holdings);
    return await vm.createContainer(options.id, hostedDocument(options, resources, host));
  } catch (error) {
    if (options.doNotReleaseResourcesOnFailure === true) throw error;
    throw await cleanUpAfter(error, () => holdings.release());
  }
}
