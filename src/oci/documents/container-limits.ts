import type { CreateOptions } from "./create-options.ts";
import { convertCpuLimits, type CpuLimits } from "./cpu-limits.ts";
import type { DocumentHost } from "./document-host.ts";
import { scaleCpuLimitsToSandbox } from "./scale-cpu-limits.ts";

/**
 * The limits of CPU time of a container where it runs: on the host or in a VM.
 *
 * @throws {BundleError} if more than one limit is set
 */
export function containerCpuLimits(
  { spec, hostingSystem, scaleCpuLimitsToSandbox: isScaled = false }: CreateOptions,
  host: DocumentHost,
): CpuLimits {
  const sandbox = hostingSystem?.processorCount ?? host.processors;
  const limits = convertCpuLimits(spec, sandbox, host);
  if (hostingSystem === undefined || !isScaled) return limits;
  return scaleCpuLimitsToSandbox(limits, { host: host.processors, sandbox });
}
