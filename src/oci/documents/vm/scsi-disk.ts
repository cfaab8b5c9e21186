import type { Attachment } from "../../../schema/hcs.ts";

/** A disk on a SCSI controller. */
export interface ScsiDisk {
  /** Image file, or a disk of the host such as `\\.\PHYSICALDRIVE1`. */
  hostPath: string;
  isPhysical: boolean;
  isReadOnly: boolean;
}

/** A disk as the document of a VM, or a request to attach it, names it. */
export function scsiAttachment({ hostPath, isPhysical, isReadOnly }: ScsiDisk): Attachment {
  return {
    Type: isPhysical ? "PassThru" : "VirtualDisk",
    Path: hostPath,
    ...(isReadOnly ? { ReadOnly: true } : {}),
  };
}
