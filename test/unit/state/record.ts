import type { ContainerRecord } from "../../../src/state/container-record.ts";

/** A whole record. */
export function recordOf(id: string, owner = "root"): ContainerRecord {
  return {
    format: 1,
    id,
    owner,
    ociVersion: "1.2.0",
    bundle: `/bundles/${id}`,
    rootfs: `/bundles/${id}/rootfs`,
    created: "2026-01-02T03:04:05.006Z",
    isolation: "process",
    annotations: { "": "", "io.example": "ü" },
  };
}
