import type { Holdings } from "../../base/holdings.ts";
import type { ContainerCredentialGuardInstance } from "../../schema/hcs.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";

/** Where a VM has the services that its guest reaches by sockets of the hypervisor. */
const SERVICES = "VirtualMachine/Devices/HvSocket/HvSocketConfig/ServiceTable";

/** Lets the guest of a VM reach the guard of a container's credentials. @throws {ComputeError} */
export async function takeGuard(
  vm: UtilityVm,
  guard: ContainerCredentialGuardInstance | undefined,
  holdings: Holdings,
): Promise<void> {
  const { ServiceId, ServiceConfig: Settings } = guard?.HvSocketConfig ?? {};
  if (ServiceId === undefined) return;
  const ResourcePath = `${SERVICES}/${ServiceId}`;
  await holdings.take(
    () => vm.modify({ ResourcePath, RequestType: "Add", ...(Settings === undefined ? {} : { Settings }) }),
    () => vm.modify({ ResourcePath, RequestType: "Remove" }),
  );
}
