import type { Topology, VirtualMachineMemory, VirtualMachineProcessor } from "../../../schema/hcs.ts";
import type { DocumentHost } from "../document-host.ts";
import { omitEmpty } from "../omit-empty.ts";
import type { VmOptions } from "./vm-options.ts";
import { vmMemoryInMb, vmProcessorCount } from "./vm-size.ts";

/** Memory and processors of a VM. @param hints what its guest may tell of its memory */
export function vmTopology(
  options: VmOptions,
  hints: Pick<VirtualMachineMemory, "EnableHotHint" | "EnableColdDiscardHint">,
  host: DocumentHost,
): Topology {
  return {
    Memory: omitEmpty<VirtualMachineMemory>({
      SizeInMB: vmMemoryInMb(options.memorySizeInMb, host),
      AllowOvercommit: options.allowOvercommit,
      EnableDeferredCommit: options.enableDeferredCommit,
      LowMmioGapInMB: options.lowMmioGapInMb,
      HighMmioBaseInMB: options.highMmioBaseInMb,
      HighMmioGapInMB: options.highMmioGapInMb,
      ...hints,
    }),
    Processor: omitEmpty<VirtualMachineProcessor>({
      Count: vmProcessorCount(options.processorCount, host),
      Limit: options.processorLimit,
      Weight: options.processorWeight,
    }),
  };
}
