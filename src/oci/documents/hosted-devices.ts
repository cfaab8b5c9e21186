import { shown } from "../../schema/faults.ts";
import type { ConfiguredDevice } from "./devices.ts";
import { documentFault } from "./fault.ts";

/** A PCI device of the host that a container in a VM asks for. */
export interface HostedDevice {
  /** How the configuration calls its type; a guest treats a `gpu` in a way of its own. */
  idType: string;
  /** Instance path of the device on the host. */
  instancePath: string;
  /** Index of the virtual function; 0 unless the configuration names one. */
  virtualFunction: number;
}

const TYPES = { windows: ["vpci-instance-id", "vpci"], linux: ["vpci-instance-id", "vpci", "gpu"] } as const;

/**
 * An instance path: printable characters without commas, as Windows wants it. Behind a slash, which is in none of a PCI
 * device, the virtual function.
 *
 * @see https://learn.microsoft.com/windows-hardware/drivers/install/device-instance-ids
 */
const ID = /^(?<path>[!-+\-.0-~]{1,200})(?:\/(?<virtual>[0-9]{1,5}))?$/;
const MAX_FUNCTION = 0xffff;

/**
 * Reads the devices of a container in a VM. They are named as the host knows them: what stands for them in the guest is
 * known once the VM has them.
 *
 * @throws {BundleError} if one has a type that is not served in the VM, or no instance path
 */
export function hostedDevices(devices: readonly ConfiguredDevice[], os: "windows" | "linux"): HostedDevice[] {
  const types: readonly string[] = TYPES[os];
  return devices.map(({ id, idType }, index) => {
    if (!types.includes(idType)) {
      const allowed = `${types.slice(0, -1).join(", ")} or ${types.at(-1)} in a VM with a ${os} guest`;
      throw fault(index, "idType", idType, allowed);
    }
    const { path, virtual = "0" } = ID.exec(id)?.groups ?? {};
    if (path === undefined || Number(virtual) > MAX_FUNCTION) {
      throw fault(
        index,
        "id",
        id,
        "the instance path of a device, with / and a number for a virtual function",
      );
    }
    return { idType, instancePath: path, virtualFunction: Number(virtual) };
  });
}

function fault(index: number, name: keyof ConfiguredDevice, found: string, allowed: string): Error {
  return documentFault(["windows", "devices", index, name], `is ${shown(found)}, must be ${allowed}`);
}
