import type { OciConfig } from "../../schema/oci.ts";
import { positiveLimit } from "./positive-limit.ts";

const BYTES_PER_MIB = 1024n * 1024n;

/** The most memory of a container in MiB, 0 for no limit. @throws {BundleError} if the annotation is no number */
export function memoryLimitInMb(spec: OciConfig): number {
  const configured = bytesToMb(spec.windows?.resources?.memory?.limit ?? 0);
  return Number(positiveLimit(spec, "io.microsoft.container.memory.sizeinmb", configured));
}

/** Whole MiB of a number of bytes; at least 1, as 0 would lift the limit. */
export function bytesToMb(bytes: number | bigint): number {
  if (bytes === 0 || bytes === 0n) return 0;
  return Math.max(1, Number(BigInt(bytes) / BYTES_PER_MIB));
}
