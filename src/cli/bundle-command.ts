import { PlatformError } from "../base/errors.ts";

/** Flags that only a host or an isolation can serve that does not exist here, with the reason. */
const UNSERVED: Readonly<Record<string, string>> = {
  "pidfd-socket": "no executor of this host can send a pidfd",
  "shim-log": "only containers on Windows have a shim",
  "vm-log": "only hypervisor isolation has a VM",
  "vm-console": "only hypervisor isolation has a VM",
  host: "only hypervisor isolation has a VM",
  keep: "an executor removes the container it has waited for; use create and start instead",
};

/** Refuses flags that cannot be honoured, because none is silently dropped. @throws {PlatformError} */
export function refuseUnservedFlags(flags: Readonly<Record<string, unknown>>): void {
  for (const [name, reason] of Object.entries(UNSERVED)) {
    if (flags[name] === undefined || flags[name] === false) continue;
    throw new PlatformError("PLATFORM_UNSUPPORTED", `Cannot use --${name}: ${reason}`, {
      hint: `Leave --${name} out`,
    });
  }
}
