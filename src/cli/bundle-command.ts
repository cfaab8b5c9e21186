import { PlatformError } from "../base/errors.ts";
import { hostOs, type HostOs } from "../hcs/open.ts";

const ONE_CONSOLE = "a terminal on Windows is that of the caller";
const NO_LINUX = "containers on Windows have no such thing";

/** Flags that only another host, or an isolation that does not exist here, can serve, with the reason. */
const UNSERVED: Readonly<Record<HostOs, Readonly<Record<string, string>>>> = {
  linux: {
    "pidfd-socket": "no executor of this host can send a pidfd",
    "shim-log": "only containers on Windows have a shim",
    "vm-log": "only hypervisor isolation has a VM",
    "vm-console": "only hypervisor isolation has a VM",
    host: "only hypervisor isolation has a VM",
    "scale-cpu-limits-to-sandbox": "only hypervisor isolation has a VM",
    keep: "an executor removes the container it has waited for; use create and start instead",
  },
  windows: {
    "pidfd-socket": NO_LINUX,
    "console-socket": ONE_CONSOLE,
    "preserve-fds": NO_LINUX,
    "no-pivot": NO_LINUX,
    "no-new-keyring": NO_LINUX,
    "additional-gids": NO_LINUX,
    cap: NO_LINUX,
    "no-new-privs": NO_LINUX,
    "process-label": NO_LINUX,
    apparmor: NO_LINUX,
    cgroup: NO_LINUX,
    "ignore-paused": "the service makes no process in a paused container",
    keep: "a container that was waited for is removed; use create and start instead",
    executor: "the service of Windows runs the containers",
  },
};

/** Refuses flags that cannot be honoured, because none is silently dropped. @throws {PlatformError} */
export function refuseUnservedFlags(flags: Readonly<Record<string, unknown>>): void {
  for (const [name, reason] of Object.entries(UNSERVED[hostOs()])) {
    const value = flags[name];
    if (value === undefined || value === false || value === 0) continue;
    throw new PlatformError("PLATFORM_UNSUPPORTED", `Cannot use --${name}: ${reason}`, {
      hint: `Leave --${name} out`,
    });
  }
}
