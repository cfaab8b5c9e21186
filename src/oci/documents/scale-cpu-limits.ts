import type { CpuLimits } from "./cpu-limits.ts";

const LEAST = 1;
const MOST = 10_000;

/**
 * Turns a share of the host's processors into the same share of a VM's, which are fewer. Count and weight stay.
 *
 * @example scaleCpuLimitsToSandbox({ count: 0, limit: 2500, weight: 0 }, { host: 8, sandbox: 4 }) // limit 5000
 */
export function scaleCpuLimitsToSandbox(
  limits: CpuLimits,
  processors: { host: number; sandbox: number },
): CpuLimits {
  if (limits.limit === 0) return limits;
  const scaled = Math.trunc((limits.limit * processors.host) / processors.sandbox);
  return { ...limits, limit: Math.min(Math.max(scaled, LEAST), MOST) };
}
