import type { OciConfig, OciMount } from "../schema/oci.ts";

/** What a new configuration is made for. */
export interface DefaultSpecOptions {
  /** For a user without privileges: a user namespace that maps the caller to root, and nothing that takes more. */
  rootless: boolean;
  /** Adds a cgroup namespace, as fits a host with unified cgroups only. */
  cgroupNamespace?: boolean;
  /** The host that it is for; Linux if absent. */
  os?: "linux" | "windows";
}

/**
 * The configuration that the spec command writes: a shell in a closed-off container, as runc's.
 *
 * Its version is the lowest that has all of its properties, so that every runtime takes it.
 *
 * @see https://github.com/opencontainers/runc/blob/main/man/runc-spec.8.md
 */
export function defaultSpec({ rootless, cgroupNamespace = false, os }: DefaultSpecOptions): OciConfig {
  if (os === "windows") return defaultWindowsSpec();
  return {
    ociVersion: "1.0.2",
    process: defaultProcess(),
    root: { path: "rootfs", readonly: true },
    hostname: "runhcs",
    mounts: rootless ? privilegedMounts().map(toRootless) : privilegedMounts(),
    linux: {
      ...(rootless ? ownIdMappings() : { resources: { devices: [{ allow: false, access: "rwm" }] } }),
      namespaces: [
        { type: "pid" },
        ...(rootless ? [] : [{ type: "network" } as const]),
        { type: "ipc" },
        { type: "uts" },
        { type: "mount" },
        ...(cgroupNamespace ? [{ type: "cgroup" } as const] : []),
        ...(rootless ? [{ type: "user" } as const] : []),
      ],
      maskedPaths: [
        "/proc/acpi",
        "/proc/asound",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/sys/firmware",
        "/proc/scsi",
      ],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

/** A shell in a container that shares the host's kernel. Its layers are those of an image, which nobody can guess. */
function defaultWindowsSpec(): OciConfig {
  return {
    ociVersion: "1.0.2",
    process: { terminal: true, user: { username: "ContainerUser" }, args: ["cmd"], cwd: "C:\\" },
    root: { path: "" },
    hostname: "runhcs",
    windows: {
      layerFolders: ["C:\\layers\\base", "C:\\layers\\scratch"],
      ignoreFlushesDuringBoot: true,
      network: { allowUnqualifiedDNSQuery: true },
    },
  };
}

function defaultProcess(): NonNullable<OciConfig["process"]> {
  const capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
  return {
    terminal: true,
    user: { uid: 0, gid: 0 },
    args: ["sh"],
    env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
    cwd: "/",
    capabilities: {
      bounding: [...capabilities],
      effective: [...capabilities],
      permitted: [...capabilities],
      ambient: [...capabilities],
    },
    rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
    noNewPrivileges: true,
  };
}

function privilegedMounts(): OciMount[] {
  return [
    { destination: "/proc", type: "proc", source: "proc" },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    {
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
    },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
    },
  ];
}

/** Without a network namespace of its own sysfs can only be bound, and group 5 of the host is not mapped. */
function toRootless(mount: OciMount): OciMount {
  const options = mount.options?.filter((option) => !/^[ug]id=/.test(option)) ?? [];
  if (mount.destination !== "/sys") return { ...mount, ...(mount.options === undefined ? {} : { options }) };
  return { destination: "/sys", type: "none", source: "/sys", options: ["rbind", ...options] };
}

function ownIdMappings(): Pick<NonNullable<OciConfig["linux"]>, "uidMappings" | "gidMappings"> {
  return {
    uidMappings: [{ containerID: 0, hostID: process.geteuid?.() ?? 0, size: 1 }],
    gidMappings: [{ containerID: 0, hostID: process.getegid?.() ?? 0, size: 1 }],
  };
}
