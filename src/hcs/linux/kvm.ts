/** Whether hardware virtualization really works; the device file alone says little. */
import { accessSync, constants, existsSync } from "node:fs";
import { readTextIfExists } from "../../base/files.ts";
import type { Diagnosis } from "../compute-service.ts";

const DEVICE = "/dev/kvm";

/** Kernel modules that drive the processor's own virtualization; others (kvm_pvm) emulate most of it in software. */
const HARDWARE_MODULES = ["kvm_intel", "kvm_amd"];

/** Tells of KVM: usable, merely present, or absent. Only hypervisor isolation needs it. */
export function diagnoseKvm(): Diagnosis {
  const subject = "kvm";
  if (!existsSync(DEVICE)) {
    return {
      subject,
      verdict: "warn",
      found: `${DEVICE} does not exist`,
      remedy: "Enable virtualization in the firmware, or modprobe kvm_intel or kvm_amd",
    };
  }
  if (!canOpen())
    return {
      subject,
      verdict: "warn",
      found: `${DEVICE} cannot be opened`,
      remedy: "Run as root or join the group kvm",
    };
  const flags = /^flags\s*:(.*)$/m.exec(readTextIfExists("/proc/cpuinfo") ?? "")?.[1] ?? "";
  const hardware = HARDWARE_MODULES.find((name) => existsSync(`/sys/module/${name}`));
  if (hardware !== undefined || / (?:vmx|svm) /.test(`${flags} `)) {
    return { subject, verdict: "ok", found: `usable (${hardware ?? "built into the kernel"})` };
  }
  const found = "merely present: neither processor flags vmx or svm nor kvm_intel or kvm_amd";
  return {
    subject,
    verdict: "warn",
    found,
    remedy: "Virtual machines will be emulated, which is slow; use a host with hardware virtualization",
  };
}

function canOpen(): boolean {
  try {
    accessSync(DEVICE, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
