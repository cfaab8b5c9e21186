import type { OciConfig } from "../../schema/oci.ts";
import type { DocumentHost } from "./document-host.ts";
import { documentFault } from "./fault.ts";
import { positiveLimit } from "./positive-limit.ts";

/** Limits of CPU time; at most one is not 0. */
export interface CpuLimits {
  /** Processors. */
  count: number;
  /** Share of all processors, in hundredths of a percent. */
  limit: number;
  /** Weight against other containers. */
  weight: number;
}

/**
 * Converts the limits of CPU time that a configuration or its annotations set.
 *
 * @param maxCount processors of the host, or of the VM in which the container runs
 * @throws {BundleError} if more than one limit is set
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config-windows.md#cpu
 */
export function convertCpuLimits(
  spec: OciConfig,
  maxCount: number,
  { warn }: Pick<DocumentHost, "warn">,
): CpuLimits {
  const { count, maximum, shares } = spec.windows?.resources?.cpu ?? {};
  const limits = {
    count: positiveLimit(spec, "io.microsoft.container.processor.count", count),
    limit: positiveLimit(spec, "io.microsoft.container.processor.limit", maximum),
    weight: positiveLimit(spec, "io.microsoft.container.processor.weight", shares),
  };
  const set = Object.entries(limits).filter(([, value]) => value > 0);
  if (set.length > 1) {
    const found = set.map(([name, value]) => `${name} ${value}`).join(" and ");
    throw documentFault(
      ["windows", "resources", "cpu"],
      `has ${found}, must have at most one of count, limit and weight`,
    );
  }
  if (limits.count > maxCount) warn(`The container's ${limits.count} processors are cut to ${maxCount}`);
  const count32 = limits.count > maxCount ? maxCount : Number(limits.count);
  return { count: count32, limit: Number(limits.limit), weight: Number(limits.weight) };
}
