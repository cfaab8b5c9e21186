import type { VirtualMachineHvSocket } from "../../../schema/hcs.ts";

/** Only the system and administrators may listen for a guest. */
const ADMINISTRATORS_ONLY = "D:P(A;;FA;;;SY)(A;;FA;;;BA)";

/** Who may talk to a guest. @param connect who may connect to it, empty for the host's default */
export function hvSocket(connect = ""): VirtualMachineHvSocket {
  return {
    HvSocketConfig: {
      DefaultBindSecurityDescriptor: ADMINISTRATORS_ONLY,
      ...(connect === "" ? {} : { DefaultConnectSecurityDescriptor: connect }),
    },
  };
}
