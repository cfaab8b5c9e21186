import type { Host, ServiceSettings } from "../host.ts";
import { lazyLibc, openHostMachine } from "./host-machine.ts";
import { LinuxComputeService } from "./service.ts";

/** Opens a Linux host: the embedded compute service on this machine, and its locks. */
export function openLinuxHost(settings: ServiceSettings): Host {
  const libc = lazyLibc();
  return {
    compute: new LinuxComputeService(openHostMachine(libc), settings),
    tryLock: (fd) => libc().tryLock(fd),
  };
}
