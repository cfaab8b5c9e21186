import type { Devices } from "../../../schema/hcs.ts";
import type { VmOptions } from "./vm-options.ts";

/** The devices of a VM's serial and graphics console. */
export function consoleDevices({ consolePipe, enableGraphicsConsole }: VmOptions): Devices {
  return {
    // Port 0 is COM1.
    ...(consolePipe === "" ? {} : { ComPorts: { "0": { NamedPipe: consolePipe } } }),
    ...(enableGraphicsConsole ? { Keyboard: {}, EnhancedModeVideo: {}, VideoMonitor: {} } : {}),
  };
}
