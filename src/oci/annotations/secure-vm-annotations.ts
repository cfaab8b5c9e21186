import { bool, refused, text, unserved } from "./annotation.ts";

const REFUSAL = "no VM is kept from its host";

/** Annotations of VMs whose memory and policy the host cannot reach. None is served. */
export const SECURE_VM_ANNOTATIONS = {
  "io.microsoft.virtualmachine.no_security_hardware": unserved(bool("try the measures without the hardware")),
  "io.microsoft.virtualmachine.lcow.dmverity-create-args": unserved(text("arguments of the verified root")),
  "io.microsoft.virtualmachine.lcow.dmverity-mode": refused(bool("start from a verified root"), REFUSAL),
  "io.microsoft.virtualmachine.lcow.dmverity-rootfs-vhd": unserved(text("disk with the verified root")),
  "io.microsoft.virtualmachine.lcow.gueststatefile": unserved(text("state file of a Linux VM (.vmgs)")),
  "io.microsoft.virtualmachine.lcow.hcl-enabled": unserved(bool("run a layer below the Linux guest")),
  "io.microsoft.virtualmachine.lcow.amd-certificate": unserved(text("certificate of the processor")),
  "io.microsoft.virtualmachine.lcow.securitypolicy": refused(
    text("policy that a Linux guest enforces"),
    REFUSAL,
  ),
  "io.microsoft.virtualmachine.lcow.enforcer": unserved(text("which enforcer a Linux guest uses")),
  "io.microsoft.virtualmachine.lcow.securitypolicy.env": unserved(
    bool("tell the processes of a Linux guest of the policy"),
  ),
  "io.microsoft.virtualmachine.lcow.uvm-reference-info-file": unserved(
    text("signed description of a Linux guest", "reference_info.cose"),
  ),
  "io.microsoft.virtualmachine.uvm-hash-envelope-reference-info-file": unserved(
    text("signed hash of that description"),
  ),
  "io.microsoft.virtualmachine.wcow.gueststatefile": unserved(text("state file of a Windows VM (.vmgs)")),
  "io.microsoft.virtualmachine.wcow.securitypolicy": refused(
    text("policy that a Windows guest enforces"),
    REFUSAL,
  ),
  "io.microsoft.virtualmachine.wcow.enforcer": unserved(text("which enforcer a Windows guest uses")),
  "io.microsoft.virtualmachine.wcow.amd-certificate": unserved(text("certificate of the processor")),
  "io.microsoft.virtualmachine.wcow.securitypolicy.env": unserved(
    bool("tell the processes of a Windows guest of the policy"),
  ),
  "io.microsoft.virtualmachine.wcow.uvm-reference-info-file": unserved(
    text("signed description of a Windows guest"),
  ),
  "io.microsoft.virtualmachine.wcow.isolation_type": refused(
    text("how the VM's memory is kept apart"),
    REFUSAL,
  ),
  "io.microsoft.virtualmachine.wcow.no_secure_boot": unserved(bool("start without secure boot")),
};
