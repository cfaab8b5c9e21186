/** What containers on a machine can use, for engines that ask. */
import type { OciFeatures } from "../../schema/oci.ts";
import { cgroupLayout } from "./cgroups/cgroup-layout.ts";
import type { MachineFiles } from "./machine.ts";

/** Capabilities in the order of their numbers. @see capability.h of Linux 6.x */
const CAPABILITIES =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE";

/** Namespaces by their names in /proc/self/ns; both executors know these. */
const NAMESPACES: Readonly<Record<string, string>> = {
  cgroup: "cgroup",
  ipc: "ipc",
  mnt: "mount",
  net: "network",
  pid: "pid",
  user: "user",
  uts: "uts",
};

/** Mount options that both executors understand. */
const MOUNT_OPTIONS =
  "async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid private rbind relatime remount ro rprivate rshared rslave runbindable rw shared silent slave strictatime suid sync tmpcopyup unbindable";

/** The features document of a machine. @see https://github.com/opencontainers/runtime-spec/blob/main/features.md */
export async function machineFeatures(machine: MachineFiles): Promise<OciFeatures> {
  const namespaces = await machine.list("/proc/self/ns");
  const apparmor = await machine.readText("/sys/module/apparmor/parameters/enabled");
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: "1.3.0",
    hooks: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
    mountOptions: MOUNT_OPTIONS.split(" "),
    linux: {
      namespaces: namespaces.flatMap((name) => NAMESPACES[name] ?? []),
      capabilities: await capabilities(machine),
      cgroup: await cgroup(machine),
      seccomp: await seccomp(machine),
      apparmor: { enabled: apparmor?.trim() === "Y" },
      selinux: { enabled: await machine.exists("/sys/fs/selinux/enforce") },
      intelRdt: { enabled: await machine.exists("/sys/fs/resctrl/info") },
    },
  };
}

/** The kernel tells the number of its last capability. */
async function capabilities(machine: MachineFiles): Promise<string[]> {
  const last = Number((await machine.readText("/proc/sys/kernel/cap_last_cap")) ?? "0");
  return CAPABILITIES.split(" ")
    .slice(0, last + 1)
    .map((name) => `CAP_${name}`);
}

async function cgroup(
  machine: MachineFiles,
): Promise<{ v1: boolean; v2: boolean; systemd: boolean; systemdUser: boolean }> {
  const { kind } = await cgroupLayout(machine);
  const systemd = await machine.exists("/run/systemd/system");
  return {
    v1: kind === "v1" || kind === "hybrid",
    v2: kind === "v2",
    systemd,
    systemdUser: systemd && kind === "v2",
  };
}

async function seccomp(
  machine: MachineFiles,
): Promise<{ enabled: boolean; actions?: string[]; operators?: string[] }> {
  const available = await machine.readText("/proc/sys/kernel/seccomp/actions_avail");
  const actions = available?.trim().split(" ");
  if (actions === undefined) return { enabled: false };
  return {
    enabled: true,
    actions: actions.map((name) => `SCMP_ACT_${name.toUpperCase()}`),
    operators: ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"].map((name) => `SCMP_CMP_${name}`),
  };
}
