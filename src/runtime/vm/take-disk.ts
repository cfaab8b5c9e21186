import type { OciMount } from "../../schema/oci.ts";
import type { ScsiAttachment, ScsiDisk } from "../../uvm/scsi-disks.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import type { Holdings } from "../../base/holdings.ts";

/** Gives a VM a disk of a container. @throws {UtilityVmError} */
export function takeDisk({ scsi }: UtilityVm, disk: ScsiDisk, holdings: Holdings): Promise<ScsiAttachment> {
  return holdings.take(
    () => scsi.addDisk(disk),
    () => scsi.remove(disk.hostPath),
  );
}

/** The disk that a mount of type `physical-disk` or `virtual-disk` brings. Containers can mount one together. */
export function diskOfMount({ type, source = "", options = [] }: OciMount, guestPath: string): ScsiDisk {
  return {
    hostPath: source,
    guestPath,
    type: type === "physical-disk" ? "PassThru" : "VirtualDisk",
    readOnly: options.some((option) => option.toLowerCase() === "ro"),
    isShared: true,
  };
}
