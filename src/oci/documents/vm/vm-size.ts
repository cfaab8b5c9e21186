import type { DocumentHost } from "../document-host.ts";

/** The processors of a VM: 2 by default, as far as the host has them. */
export function vmProcessorCount(
  requested: number,
  { processors, warn }: Pick<DocumentHost, "processors" | "warn">,
): number {
  if (requested === 0) return Math.min(2, processors);
  if (requested > processors) warn(`The VM's ${requested} processors are cut to ${processors}`);
  return Math.min(requested, processors);
}

/** The memory of a VM in MiB: an even number. */
export function vmMemoryInMb(requested: number, { warn }: Pick<DocumentHost, "warn">): number {
  const even = requested + (requested % 2);
  if (even !== requested) warn(`The VM's memory of ${requested} MiB is rounded up to ${even}`);
  return even;
}
