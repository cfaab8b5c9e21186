import type { StorageQoS } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";
import { omitIfEmpty } from "./omit-empty.ts";
import { positiveLimit } from "./positive-limit.ts";

const CONTAINER = "io.microsoft.container.storage.qos";
const VM = "io.microsoft.virtualmachine.storageqos";

/** The limits of a container's scratch, undefined for none. @throws {BundleError} */
export function containerStorageQos(spec: OciConfig): StorageQoS | undefined {
  const { iops, bps } = spec.windows?.resources?.storage ?? {};
  return omitIfEmpty<StorageQoS>({
    IopsMaximum: positiveLimit(spec, `${CONTAINER}.iopsmaximum`, iops),
    BandwidthMaximum: positiveLimit(spec, `${CONTAINER}.bandwidthmaximum`, bps),
  });
}

/** The limits of all disks of a VM, undefined for none. @throws {BundleError} */
export function vmStorageQos(spec: OciConfig): StorageQoS | undefined {
  const { iops, bps } = spec.windows?.resources?.storage ?? {};
  return omitIfEmpty<StorageQoS>({
    IopsMaximum: positiveLimit(spec, `${VM}.iopsmaximum`, iops),
    BandwidthMaximum: positiveLimit(spec, `${VM}.bandwidthmaximum`, bps),
  });
}
