/** Configurations with the shapes and oddities that engines send, as seen in theirs. */

const capabilities = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
const denyAll = { allow: false, access: "rwm" };

/** podman: limits, a cgroup v1 mount, a tmpfs bound from its own folder, ids in annotations. */
export const podmanConfig = {
  ociVersion: "1.0.2-dev",
  process: {
    terminal: true,
    user: { uid: 0, gid: 0, umask: 18, additionalGids: [10] },
    args: ["/bin/sh"],
    env: ["TERM=xterm", "HOSTNAME=h1", "container=podman"],
    cwd: "/",
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    rlimits: [
      { type: "RLIMIT_NOFILE", hard: 1048576, soft: 1048576 },
      { type: "RLIMIT_NPROC", hard: 32768, soft: 32768 },
    ],
    oomScoreAdj: 0,
  },
  root: { path: "rootfs" },
  hostname: "h1",
  mounts: [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    { destination: "/etc/hosts", type: "bind", source: "/run/hosts", options: ["bind", "rprivate"] },
    {
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: ["rprivate", "nosuid", "noexec", "nodev", "relatime", "ro"],
    },
  ],
  annotations: { "io.container.manager": "libpod", "org.opencontainers.image.stopSignal": "15" },
  linux: {
    sysctl: { "net.ipv4.ping_group_range": "0 0" },
    resources: {
      devices: [denyAll],
      memory: { limit: 67108864, swap: 134217728 },
      cpu: { quota: 50000, period: 100000 },
      pids: { limit: 2048 },
    },
    cgroupsPath: "/libpod_parent/libpod-91d8d00301e1da8df110667aab159b9aa390cc2d4359e5017103e64e16730eca",
    namespaces: [
      { type: "pid" },
      { type: "network", path: "/run/netns/netns-1" },
      { type: "ipc" },
      { type: "uts" },
      { type: "mount" },
    ],
    seccomp: {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
      syscalls: [
        { names: ["bdflush", "io_pgetevents"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
        { names: ["read"], action: "SCMP_ACT_ALLOW" },
        {
          names: ["socket"],
          action: "SCMP_ACT_ERRNO",
          errnoRet: 22,
          args: [
            { index: 0, value: 16, op: "SCMP_CMP_EQ" },
            { index: 2, value: 9, op: "SCMP_CMP_EQ" },
          ],
        },
      ],
    },
    rootfsPropagation: "rslave",
    maskedPaths: ["/proc/kcore"],
    readonlyPaths: ["/proc/sys"],
  },
};

/** docker: a prestart hook, zeroes for limits that are not set, numbers up to the last of 64 bits. */
export const dockerConfig = {
  ...podmanConfig,
  process: {
    ...podmanConfig.process,
    terminal: false,
    consoleSize: { height: 0, width: 0 },
    apparmorProfile: "",
  },
  root: { path: "/", readonly: true },
  domainname: "",
  hooks: {
    prestart: [{ path: "/proc/812/exe", args: ["libnetwork-setkey", "-exec-root=/run/docker", "id", "0f"] }],
  },
  linux: {
    ...podmanConfig.linux,
    cgroupsPath: "/docker/91d8d00301e1da8df110667aab159b9aa390cc2d4359e5017103e64e16730eca",
    resources: {
      devices: [
        denyAll,
        { allow: true, type: "c", major: 1, minor: 5, access: "rwm" },
        { allow: true, type: "c", major: -1, minor: -1, access: "m" },
      ],
      memory: {
        limit: -1,
        swap: -1,
        kernelTCP: 9223372036854771712n,
        disableOOMKiller: false,
        swappiness: 60,
      },
      cpu: { shares: 0, quota: -1, cpus: "", mems: "" },
      pids: { limit: -1 },
      blockIO: { weight: 0 },
      hugepageLimits: [{ pageSize: "2MB", limit: 18446744073709551615n }],
    },
    devices: [{ type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 8630, uid: 0, gid: 0 }],
  },
};

/** containerd: a device rule without a minor number, namespaces joined by path, empty lists. */
export const containerdConfig = {
  ociVersion: "1.1.0-rc.1",
  process: {
    user: { uid: 0, gid: 0, additionalGids: [0] },
    args: ["sleep", "1"],
    cwd: "/",
    oomScoreAdj: -998,
  },
  root: { path: "rootfs" },
  mounts: [],
  hooks: {},
  linux: {
    resources: {
      devices: [denyAll, { allow: true, type: "c", major: 136, access: "rwm" }],
      cpu: { shares: 1024 },
      unified: {},
    },
    cgroupsPath: "/default/id",
    namespaces: [
      { type: "cgroup" },
      { type: "pid", path: "/proc/1/ns/pid" },
      { type: "mount" },
      { type: "uts", path: "" },
    ],
  },
};

/** containerd on Windows: process isolation, an empty root, a credential specification as text. */
export const windowsConfig = {
  ociVersion: "1.1.0",
  process: {
    user: { uid: 0, gid: 0, username: "ContainerUser" },
    args: ["cmd"],
    cwd: "C:\\",
    env: ["PATH=C:\\Windows"],
  },
  root: { path: "" },
  hostname: "win",
  mounts: [
    { destination: "C:\\data", source: "D:\\data", options: ["ro"] },
    { destination: "c:\\database", source: "D:\\other" },
    { destination: "\\\\.\\pipe\\docker_engine", source: "\\\\.\\pipe\\docker_engine" },
  ],
  windows: {
    layerFolders: ["C:\\layers\\2", "C:\\layers\\1", "C:\\scratch"],
    resources: { memory: { limit: 2147483648 }, cpu: { count: 0, shares: 0, maximum: 5000 }, storage: {} },
    network: { allowUnqualifiedDNSQuery: true, networkNamespace: "168f3daf-efc6-4377-b20a-2c86764ba892" },
    credentialSpec: '{"CmsPlugins":["ActiveDirectory"]}',
    ignoreFlushesDuringBoot: true,
  },
};

/** containerd, a Linux container on a Windows host: both sections, no root. */
export const lcowConfig = {
  ociVersion: "1.1.0",
  process: { user: { uid: 0, gid: 0 }, args: ["sh"], cwd: "/", env: ["PATH=/bin"] },
  hostname: "lcow",
  mounts: [{ destination: "/data", type: "bind", source: "C:\\data", options: ["rbind"] }],
  linux: { namespaces: [{ type: "uts" }, { type: "pid" }] },
  windows: { layerFolders: ["C:\\layers\\1", "C:\\scratch"], hyperv: {} },
};
