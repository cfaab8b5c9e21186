import { release } from "node:os";
import type { Host, ServiceSettings } from "../host.ts";
import { ComputeError } from "../results.ts";
import { ALL_PROCESSOR_GROUPS, CURRENT_PROCESS } from "./bindings/kernel32.ts";
import { guidText } from "./bindings/guid.ts";
import { openBindings, type Bindings } from "./bindings/open-bindings.ts";
import { HcsService } from "./compute-service.ts";
import { loadKoffi } from "./koffi.ts";
import { WindowsLayerStore } from "./layer-store.ts";
import { WindowsNetworkStore } from "./network-store.ts";
import { Privileges } from "./privileges.ts";
import { RegistryStore } from "./registry-store.ts";
import { openShims } from "./shims/open-shims.ts";
import { readTimeouts } from "./timeouts.ts";
import { HcsVmService } from "./vm-service.ts";

/** Opens a Windows host: the Host Compute Service, and state in the registry. @throws {PlatformError} */
export function openWindowsHost(settings: ServiceSettings): Host {
  const bindings = openBindings(loadKoffi());
  leaveHungCalls(bindings);
  const timeouts = readTimeouts(process.env);
  const keys = new RegistryStore(bindings, settings.root);
  const hcs = new HcsService(bindings, timeouts);
  const osBuild = Number(release().split(".")[2] ?? 0);
  const { compute, shims, owners } = openShims({
    hcs,
    timeouts,
    keys,
    program: settings.program?.() ?? [],
    osBuild,
  });
  return {
    compute,
    layers: new WindowsLayerStore({ bindings, keys, privileges: new Privileges(bindings), osBuild }),
    windows: {
      keys,
      networks: new WindowsNetworkStore(bindings, timeouts),
      service: {
        modify: (request) => hcs.modifyServiceSettings(request),
        properties: (types) => hcs.serviceProperties(types),
      },
      shims,
      owners,
      vms: new HcsVmService(hcs, bindings, timeouts, osBuild),
      osBuild,
      processors: processorCount(bindings),
      layerId: (baseName) => layerId(bindings, baseName),
    },
    tryLock: () => true,
  };
}

/** Processors of all groups; Node's own count is that of one group. */
function processorCount({ direct }: Bindings): number {
  return direct.kernel32.GetActiveProcessorCount(ALL_PROCESSOR_GROUPS).value;
}

/** Node waits at its end for its worker threads, also for one that a call of the service holds for ever. */
function leaveHungCalls({ direct, isBusy }: Bindings): void {
  process.once("exit", (code) => {
    if (isBusy()) direct.kernel32.TerminateProcess(CURRENT_PROCESS, code >>> 0);
  });
}

async function layerId({ vmcompute }: Bindings, baseName: string): Promise<string> {
  const { value, out } = await vmcompute.NameToGuid(baseName);
  if (value >= 0x8000_0000) throw new ComputeError({ operation: `name layer "${baseName}"`, hresult: value });
  return guidText(out[0]);
}
