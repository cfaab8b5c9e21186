/** Whether hardware virtualization really works; the device file alone says little. */
import type { Diagnosis } from "../compute-service.ts";
import type { MachineFiles } from "./machine.ts";

const DEVICE = "/dev/kvm";

/** Kernel modules that drive the processor's own virtualization; others (kvm_pvm) emulate most of it in software. */
const HARDWARE_MODULES = ["kvm_intel", "kvm_amd"];

/** Tells of KVM: usable, merely present, or absent. Only hypervisor isolation needs it. */
export async function diagnoseKvm(machine: MachineFiles): Promise<Diagnosis> {
  const subject = "kvm";
  if (!(await machine.exists(DEVICE))) {
    return {
      subject,
      verdict: "warn",
      found: `${DEVICE} does not exist`,
      remedy: "Enable virtualization in the firmware, or modprobe kvm_intel or kvm_amd",
    };
  }
  if (!(await machine.isAllowed(DEVICE, "read and write")))
    return {
      subject,
      verdict: "warn",
      found: `${DEVICE} cannot be opened`,
      remedy: "Run as root or join the group kvm",
    };
  const processors = (await machine.readText("/proc/cpuinfo")) ?? "";
  const flags = /^flags\s*:(.*)$/m.exec(processors)?.[1] ?? "";
  const modules = await machine.list("/sys/module");
  const hardware = HARDWARE_MODULES.find((name) => modules.includes(name));
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
