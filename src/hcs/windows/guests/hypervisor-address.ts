import { parseGuid } from "../bindings/guid.ts";

/** The family of addresses of the hypervisor (AF_HYPERV). */
export const HYPERVISOR_FAMILY = 34;

/** The protocol of its sockets (HV_PROTOCOL_RAW). */
export const HYPERVISOR_PROTOCOL = 1;

const SIZE = 36;

/**
 * The address at which the guest of one VM finds a port of its host: SOCKADDR_HV, with the GUID that stands for a port
 * of vsock.
 *
 * @param vmId GUID by which the hypervisor knows the VM (RuntimeId)
 * @throws {FormatError} if it is no GUID
 * @see https://learn.microsoft.com/virtualization/hyper-v-on-windows/user-guide/make-integration-service
 */
export function hypervisorAddress(vmId: string, port: number): Buffer {
  const address = Buffer.alloc(SIZE);
  address.writeUInt16LE(HYPERVISOR_FAMILY, 0);
  const service = `${port.toString(16).padStart(8, "0")}-facb-11e6-bd58-64006a7986d3`;
  writeGuid(address, 4, vmId);
  writeGuid(address, 20, service);
  return address;
}

function writeGuid(target: Buffer, offset: number, text: string): void {
  const { Data1, Data2, Data3, Data4 } = parseGuid(text);
  target.writeUInt32LE(Data1, offset);
  target.writeUInt16LE(Data2, offset + 4);
  target.writeUInt16LE(Data3, offset + 6);
  target.set(Data4, offset + 8);
}
