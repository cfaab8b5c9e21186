import { PlatformError } from "../base/errors.ts";
import type { Host, ServiceSettings } from "./host.ts";

/**
 * Opens this host. The one place that asks which platform this is.
 *
 * @throws {PlatformError} PLATFORM_UNSUPPORTED
 */
export async function openHost(settings: ServiceSettings): Promise<Host> {
  if (process.platform !== "linux") {
    throw new PlatformError(
      "PLATFORM_UNSUPPORTED",
      `Cannot open a compute service: none exists for "${process.platform}"`,
    );
  }
  const { openLinuxHost } = await import("./linux/open.ts");
  return openLinuxHost(settings);
}
