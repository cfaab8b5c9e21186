import type { Host, ServiceSettings } from "../host.ts";
import { lazyLibc, openHostMachine } from "./host-machine.ts";
import { LinuxLayerStore } from "./layers/linux-layer-store.ts";
import { LinuxComputeService } from "./service.ts";

/** Opens a Linux host: the embedded compute service on this machine, and its locks. */
export function openLinuxHost(settings: ServiceSettings): Host {
  const libc = lazyLibc();
  const machine = openHostMachine(libc);
  return {
    compute: new LinuxComputeService(machine, settings),
    layers: new LinuxLayerStore(machine, settings.root, settings.openDisks),
    tryLock: (fd) => libc().tryLock(fd),
  };
}
