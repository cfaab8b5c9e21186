import { computeFailure } from "./result-document.ts";
import type { Bindings } from "./bindings/open-bindings.ts";

/**
 * Lets a utility VM use a file of the host: the account of the VM is added to the file's access list.
 *
 * @param vmId id of the VM's compute system
 * @throws {ComputeError}
 */
export async function grantVmAccess({ vmcompute }: Bindings, vmId: string, path: string): Promise<void> {
  const { value } = await vmcompute.GrantVmAccess(vmId, path);
  if (value >= 0x8000_0000)
    throw computeFailure({ operation: `grant access to "${path}" to`, systemId: vmId }, value);
}
