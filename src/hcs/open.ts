import { PlatformError } from "../base/errors.ts";
import type { Host, ServiceSettings } from "./host.ts";

/** Operating systems of hosts that there is a compute service for. */
export type HostOs = "linux" | "windows";

/** Tells which host this is. The one place that asks. @throws {PlatformError} PLATFORM_UNSUPPORTED */
export function hostOs(): HostOs {
  if (process.platform === "linux") return "linux";
  if (process.platform === "win32") return "windows";
  throw new PlatformError(
    "PLATFORM_UNSUPPORTED",
    `Cannot open a compute service: none exists for "${process.platform}"`,
  );
}

/** Opens this host. @throws {PlatformError} */
export async function openHost(settings: ServiceSettings): Promise<Host> {
  if (hostOs() === "windows") {
    const { openWindowsHost } = await import("./windows/open.ts");
    return openWindowsHost(settings);
  }
  const { openLinuxHost } = await import("./linux/open.ts");
  return openLinuxHost(settings);
}
