import type { NetworkNamespace } from "../../uvm/network-namespaces.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import type { Holdings } from "../../base/holdings.ts";

/** Gives a VM the network of a container. @throws {UtilityVmError} */
export async function takeNetwork(
  { networks }: UtilityVm,
  network: NetworkNamespace | undefined,
  holdings: Holdings,
): Promise<void> {
  if (network === undefined) return;
  await holdings.take(
    () => networks.add(network),
    () => networks.remove(network.id),
  );
}
