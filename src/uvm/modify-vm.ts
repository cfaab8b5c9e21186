import { cleanUpAfter } from "../base/errors.ts";
import type { VmSystem } from "../hcs/vm-system.ts";
import type { ModifySettingRequest } from "../schema/hcs.ts";

/**
 * Changes a VM by a request that can have a part for each side. An addition begins on the host, which takes it back
 * if the guest refuses; a removal begins in the guest.
 *
 * @throws {ComputeError}
 */
export async function modifyVm(system: VmSystem, request: ModifySettingRequest): Promise<void> {
  const { GuestRequest, ...host } = request;
  if (GuestRequest === undefined || host.ResourcePath === undefined) {
    await system.modify(request);
    return;
  }
  const guest = { GuestRequest };
  if (host.RequestType === "Remove") {
    await system.modify(guest);
    await system.modify(host);
    return;
  }
  await system.modify(host);
  try {
    await system.modify(guest);
  } catch (error) {
    if (host.RequestType !== "Add") throw error;
    throw await cleanUpAfter(error, () => system.modify({ ...host, RequestType: "Remove" }));
  }
}
