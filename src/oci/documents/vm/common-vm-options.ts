import type { OciConfig } from "../../../schema/oci.ts";
import { annotationValue } from "../../annotations.ts";
import { bytesToMb } from "../memory-limit.ts";
import { positiveLimit } from "../positive-limit.ts";
import { vmStorageQos } from "../storage-limits.ts";
import { DEFAULT_MEMORY_MB } from "./vm-limits.ts";
import type { VmOptions } from "./vm-options.ts";

const MEMORY = "io.microsoft.virtualmachine.computetopology.memory";
const PROCESSOR = "io.microsoft.virtualmachine.computetopology.processor";

/** Who a VM belongs to. */
export interface VmIdentity {
  id: string;
  owner: string;
}

/**
 * The options that both kinds of utility VM take from the configuration of the container that needs one.
 *
 * @throws {BundleError} if an annotation is not what it must be
 */
export function commonVmOptions(spec: OciConfig, { id, owner }: VmIdentity): VmOptions {
  const { annotations } = spec;
  const isPhysical =
    annotationValue(annotations, "io.microsoft.virtualmachine.fullyphysicallybacked") ?? false;
  return {
    id,
    owner,
    memorySizeInMb: memorySize(spec),
    allowOvercommit: !isPhysical && (annotationValue(annotations, `${MEMORY}.allowovercommit`) ?? true),
    enableDeferredCommit: annotationValue(annotations, `${MEMORY}.enabledeferredcommit`) ?? false,
    lowMmioGapInMb: annotationValue(annotations, `${MEMORY}.lowmmiogapinmb`) ?? 0,
    highMmioBaseInMb: annotationValue(annotations, `${MEMORY}.highmmiobaseinmb`) ?? 0,
    highMmioGapInMb: annotationValue(annotations, `${MEMORY}.highmmiogapinmb`) ?? 0,
    ...processors(spec),
    storageQos: vmStorageQos(spec),
    externalGuestConnection:
      annotationValue(annotations, "io.microsoft.virtualmachine.useexternalgcsbridge") ?? false,
    fullyPhysicallyBacked: isPhysical,
    additionHcsDocumentJson: "",
    consolePipe: "",
    enableGraphicsConsole: false,
  };
}

function memorySize(spec: OciConfig): number {
  const configured = bytesToMb(spec.windows?.resources?.memory?.limit ?? 0);
  return Number(positiveLimit(spec, `${MEMORY}.sizeinmb`, configured)) || DEFAULT_MEMORY_MB;
}

function processors(
  spec: OciConfig,
): Pick<VmOptions, "processorCount" | "processorLimit" | "processorWeight"> {
  const { count, maximum, shares } = spec.windows?.resources?.cpu ?? {};
  return {
    processorCount: Number(positiveLimit(spec, `${PROCESSOR}.count`, count)),
    processorLimit: Number(positiveLimit(spec, `${PROCESSOR}.limit`, maximum)),
    processorWeight: Number(positiveLimit(spec, `${PROCESSOR}.weight`, shares)),
  };
}
