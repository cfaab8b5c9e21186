/**
 * One accepted and one refused value for every property of the schema of config.json.
 *
 * A third element tells where below the property the fault is, if not at the property itself.
 */
export type Example = [accepted: unknown, refused: unknown, below?: string];

/** Examples of the properties of one definition of the schema. */
export interface DefinitionExamples {
  /** Where in a configuration such an object stands. */
  pointer: string;
  /** An object that obeys the definition. */
  minimal: Record<string, unknown>;
  /** Which configuration it stands in. */
  platform: "linux" | "windows";
  properties: Record<string, Example>;
}

const strings: Example = [["a", ""], ["a", 5], "/1"];
const flag: Example = [true, "true"];
const uint16: Example = [65535, 65536];
const uint32: Example = [4294967295, 4294967296];
const uint64: Example = [18446744073709551615n, 18446744073709551616n];
const int64: Example = [-9223372036854775808n, 9223372036854775808n];
const cpuList: Example = ["0-3,7", "all"];
const hooks: Example = [[{ path: "/bin/true" }], [{ path: "true" }], "/0/path"];
const mappings: Example = [
  [{ containerID: 0, hostID: 1000, size: 1 }],
  [{ containerID: 0, hostID: -1, size: 1 }],
  "/0/hostID",
];
const throttle: Example = [
  [{ major: 8, minor: 0, rate: 600 }],
  [{ major: 8, minor: 0, rate: -1 }],
  "/0/rate",
];

export const configExamples: Record<string, DefinitionExamples> = {
  OciConfig: {
    pointer: "",
    minimal: {},
    platform: "linux",
    properties: {
      ociVersion: ["1.0.2-dev", "1.0"],
      process: [{ cwd: "/", args: ["sh"] }, "sh"],
      root: [{ path: "rootfs" }, "rootfs"],
      hostname: ["web", ["web"]],
      domainname: ["example.org", 5],
      mounts: [[{ destination: "/proc" }], { destination: "/proc" }],
      hooks: [{ poststop: [] }, []],
      annotations: [{ "org.example.key": "" }, { "org.example.key": 1 }, "/org.example.key"],
      linux: [{ namespaces: [{ type: "uts" }] }, []],
      windows: [{ layerFolders: ["C:\\layer"] }, "C:\\layer"],
    },
  },
  OciProcess: {
    pointer: "/process",
    minimal: { cwd: "/", args: ["sh"] },
    platform: "linux",
    properties: {
      terminal: flag,
      consoleSize: [{ height: 25, width: 80 }, [25, 80]],
      user: [{ uid: 0, gid: 0 }, "root"],
      args: [["sh", "-c", ""], [], ""],
      commandLine: ["cmd /c dir", ["cmd"]],
      env: [["A=", "B=x=y"], ["A=", "B"], "/1"],
      cwd: ["/a b", "a"],
      capabilities: [{ bounding: ["CAP_KILL"] }, ["CAP_KILL"]],
      rlimits: [
        [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
        [
          { type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 },
          { type: "RLIMIT_NOFILE", hard: 1, soft: 1 },
        ],
        "/1/type",
      ],
      noNewPrivileges: flag,
      apparmorProfile: ["docker-default", null],
      oomScoreAdj: [-1000, 1001],
      scheduler: [{ policy: "SCHED_FIFO" }, "SCHED_FIFO"],
      selinuxLabel: ["system_u:system_r:container_t:s0", {}],
      ioPriority: [{ class: "IOPRIO_CLASS_IDLE", priority: 0 }, "IOPRIO_CLASS_IDLE"],
      execCPUAffinity: [{ initial: "7", final: "0-3" }, "0-3"],
    },
  },
  ConsoleSize: {
    pointer: "/process/consoleSize",
    minimal: { height: 25, width: 80 },
    platform: "linux",
    properties: { height: [0, -1], width: [132, 1.5] },
  },
  OciUser: {
    pointer: "/process/user",
    minimal: { uid: 0, gid: 0 },
    platform: "linux",
    properties: {
      uid: uint32,
      gid: uint32,
      umask: [18, "022"],
      additionalGids: [[5, 6], [5, -6], "/1"],
      username: ["ContainerUser", 0],
    },
  },
  LinuxCapabilities: {
    pointer: "/process/capabilities",
    minimal: {},
    platform: "linux",
    properties: {
      bounding: [["CAP_KILL", "CAP_OF_A_LATER_KERNEL"], "CAP_KILL"],
      effective: strings,
      inheritable: strings,
      permitted: strings,
      ambient: strings,
    },
  },
  PosixRlimit: {
    pointer: "/process/rlimits/0",
    minimal: { type: "RLIMIT_CORE", hard: 0, soft: 0 },
    platform: "linux",
    properties: { type: ["RLIMIT_STACK", "NOFILE"], hard: uint64, soft: uint64 },
  },
  LinuxScheduler: {
    pointer: "/process/scheduler",
    minimal: { policy: "SCHED_OTHER" },
    platform: "linux",
    properties: {
      policy: ["SCHED_DEADLINE", "SCHED_FAIR"],
      nice: [-2147483648, 2147483648],
      priority: [99, "99"],
      flags: [["SCHED_FLAG_RECLAIM"], ["RECLAIM"], "/0"],
      runtime: uint64,
      deadline: uint64,
      period: uint64,
    },
  },
  LinuxIoPriority: {
    pointer: "/process/ioPriority",
    minimal: { class: "IOPRIO_CLASS_BE", priority: 4 },
    platform: "linux",
    properties: { class: ["IOPRIO_CLASS_RT", "RT"], priority: [7, 8] },
  },
  ExecCpuAffinity: {
    pointer: "/process/execCPUAffinity",
    minimal: {},
    platform: "linux",
    properties: { initial: cpuList, final: cpuList },
  },
  OciRoot: {
    pointer: "/root",
    minimal: { path: "rootfs" },
    platform: "linux",
    properties: { path: ["./rootfs", "rootfs/absent"], readonly: flag },
  },
  OciMount: {
    pointer: "/mounts/0",
    minimal: { destination: "/data", uidMappings: [], gidMappings: [] },
    platform: "linux",
    properties: {
      destination: ["relative/to/the/root", ""],
      type: ["tmpfs", null],
      source: ["/srv", false],
      options: strings,
      uidMappings: mappings,
      gidMappings: mappings,
    },
  },
  OciHooks: {
    pointer: "/hooks",
    minimal: {},
    platform: "linux",
    properties: {
      prestart: hooks,
      createRuntime: hooks,
      createContainer: hooks,
      startContainer: hooks,
      poststart: hooks,
      poststop: hooks,
    },
  },
  OciHook: {
    pointer: "/hooks/prestart/0",
    minimal: { path: "/proc/1/exe" },
    platform: "linux",
    properties: {
      path: ["/bin/true", "bin/true"],
      args: strings,
      env: [["A=1"], ["=1"], "/0"],
      timeout: [1, 0],
    },
  },
  OciLinux: {
    pointer: "/linux",
    minimal: { namespaces: [{ type: "user" }] },
    platform: "linux",
    properties: {
      namespaces: [[{ type: "pid" }, { type: "time" }], [{ type: "pid" }, { type: "pid" }], "/1/type"],
      uidMappings: mappings,
      gidMappings: mappings,
      timeOffsets: [{ monotonic: { secs: 1 }, boottime: {} }, { realtime: { secs: 1 } }, "/realtime"],
      devices: [[{ type: "p", path: "/dev/fifo" }], [{ type: "c", path: "/dev/null", minor: 3 }], "/0/major"],
      netDevices: [{ eth0: {} }, { eth0: "eth1" }, "/eth0"],
      cgroupsPath: ["system.slice:runhcs:id", 5],
      resources: [{}, []],
      sysctl: [{ "net.core.somaxconn": "256" }, { "net.core.somaxconn": 256 }, "/net.core.somaxconn"],
      seccomp: [{ defaultAction: "SCMP_ACT_ALLOW" }, "unconfined"],
      rootfsPropagation: ["rslave", "bind"],
      maskedPaths: [["/proc/kcore"], ["proc/kcore"], "/0"],
      readonlyPaths: [["/proc/sys"], ["/proc/sys", ""], "/1"],
      mountLabel: ["system_u:object_r:container_file_t:s0", 1],
      intelRdt: [{ closID: "gold" }, "gold"],
      memoryPolicy: [{ mode: "MPOL_LOCAL" }, "MPOL_LOCAL"],
      personality: [{ domain: "LINUX32" }, "LINUX32"],
    },
  },
  LinuxNamespace: {
    pointer: "/linux/namespaces/2",
    minimal: { type: "network" },
    platform: "linux",
    properties: { type: ["cgroup", "net"], path: ["/proc/1/ns/net", "ns/net"] },
  },
  IdMapping: {
    pointer: "/linux/uidMappings/0",
    minimal: { containerID: 0, hostID: 0, size: 1 },
    platform: "linux",
    properties: { containerID: uint32, hostID: uint32, size: uint32 },
  },
  LinuxTimeOffset: {
    pointer: "/linux/timeOffsets/monotonic",
    minimal: {},
    platform: "linux",
    properties: { secs: int64, nanosecs: uint32 },
  },
  LinuxDevice: {
    pointer: "/linux/devices/0",
    minimal: { type: "c", path: "/dev/fuse", major: 10, minor: 229 },
    platform: "linux",
    properties: {
      type: ["u", "a"],
      path: ["/srv/fuse", "dev/fuse"],
      major: int64,
      minor: [-1, "229"],
      fileMode: [8630, "0666"],
      uid: uint32,
      gid: uint32,
    },
  },
  LinuxNetDevice: {
    pointer: "/linux/netDevices/eth0",
    minimal: {},
    platform: "linux",
    properties: { name: ["net%d", "a/b"] },
  },
  LinuxResources: {
    pointer: "/linux/resources",
    minimal: {},
    platform: "linux",
    properties: {
      devices: [[{ allow: false, access: "rwm" }], [{ access: "rwm" }], "/0/allow"],
      memory: [{ limit: -1 }, -1],
      cpu: [{ shares: 0 }, 0],
      pids: [{ limit: 0 }, 0],
      blockIO: [{ weight: 0 }, 0],
      hugepageLimits: [[{ pageSize: "2MB", limit: 0 }], { "2MB": 0 }],
      network: [{ classID: 1048577 }, "eth0"],
      rdma: [{ mlx5_1: { hcaHandles: 3 } }, { mlx5_1: {} }, "/mlx5_1"],
      unified: [{ "memory.high": "max" }, { "memory.high": 5 }, "/memory.high"],
    },
  },
  LinuxDeviceRule: {
    pointer: "/linux/resources/devices/0",
    minimal: { allow: true },
    platform: "linux",
    properties: {
      allow: [false, 0],
      type: ["a", "p"],
      major: [-1, 0.5],
      minor: int64,
      access: ["rw", "rwx"],
    },
  },
  LinuxMemory: {
    pointer: "/linux/resources/memory",
    minimal: {},
    platform: "linux",
    properties: {
      limit: int64,
      reservation: int64,
      swap: [-1, "-1"],
      kernel: int64,
      kernelTCP: int64,
      swappiness: [100, 101],
      disableOOMKiller: flag,
      useHierarchy: flag,
      checkBeforeUpdate: flag,
    },
  },
  LinuxCpu: {
    pointer: "/linux/resources/cpu",
    minimal: {},
    platform: "linux",
    properties: {
      shares: uint64,
      quota: [-1, -1.5],
      burst: uint64,
      period: [100000, -1],
      realtimeRuntime: int64,
      realtimePeriod: uint64,
      cpus: cpuList,
      mems: ["", "0;1"],
      idle: [1, true],
    },
  },
  LinuxPids: {
    pointer: "/linux/resources/pids",
    minimal: {},
    platform: "linux",
    properties: { limit: int64 },
  },
  LinuxBlockIo: {
    pointer: "/linux/resources/blockIO",
    minimal: {},
    platform: "linux",
    properties: {
      weight: uint16,
      leafWeight: uint16,
      weightDevice: [[{ major: 8, minor: 0, weight: 500 }], [{ major: 8, minor: 0 }], "/0"],
      throttleReadBpsDevice: throttle,
      throttleWriteBpsDevice: throttle,
      throttleReadIOPSDevice: throttle,
      throttleWriteIOPSDevice: throttle,
    },
  },
  LinuxWeightDevice: {
    pointer: "/linux/resources/blockIO/weightDevice/0",
    minimal: { major: 8, minor: 0, weight: 10 },
    platform: "linux",
    properties: { major: int64, minor: int64, weight: uint16, leafWeight: uint16 },
  },
  LinuxThrottleDevice: {
    pointer: "/linux/resources/blockIO/throttleReadBpsDevice/0",
    minimal: { major: 8, minor: 0, rate: 600 },
    platform: "linux",
    properties: { major: int64, minor: int64, rate: uint64 },
  },
  LinuxHugepageLimit: {
    pointer: "/linux/resources/hugepageLimits/0",
    minimal: { pageSize: "1GB", limit: 0 },
    platform: "linux",
    properties: { pageSize: ["64KB", "64K"], limit: uint64 },
  },
  LinuxNetwork: {
    pointer: "/linux/resources/network",
    minimal: {},
    platform: "linux",
    properties: {
      classID: uint32,
      priorities: [[{ name: "eth0", priority: 500 }], [{ name: "eth0" }], "/0/priority"],
    },
  },
  LinuxInterfacePriority: {
    pointer: "/linux/resources/network/priorities/0",
    minimal: { name: "eth0", priority: 1 },
    platform: "linux",
    properties: { name: ["eth1", 1], priority: uint32 },
  },
  LinuxRdma: {
    pointer: "/linux/resources/rdma/rxe3",
    minimal: { hcaObjects: 1 },
    platform: "linux",
    properties: { hcaHandles: uint32, hcaObjects: uint32 },
  },
  LinuxSeccomp: {
    pointer: "/linux/seccomp",
    minimal: { defaultAction: "SCMP_ACT_ERRNO", listenerPath: "/run/agent.sock" },
    platform: "linux",
    properties: {
      defaultAction: ["SCMP_ACT_TRACE", "ERRNO"],
      defaultErrnoRet: [38, -38],
      architectures: [["SCMP_ARCH_X86_64"], ["amd64"], "/0"],
      flags: [["SECCOMP_FILTER_FLAG_LOG"], ["LOG"], "/0"],
      listenerPath: ["/run/other.sock", 5],
      listenerMetadata: ["MKNOD=/dev/null", {}],
      syscalls: [[{ names: ["read"], action: "SCMP_ACT_ALLOW" }], [{ names: ["read"] }], "/0/action"],
    },
  },
  SeccompRule: {
    pointer: "/linux/seccomp/syscalls/0",
    minimal: { names: ["read"], action: "SCMP_ACT_ERRNO" },
    platform: "linux",
    properties: {
      names: [["read", "write"], []],
      action: ["SCMP_ACT_KILL_PROCESS", "SCMP_ACT_DENY"],
      errnoRet: uint32,
      args: [[{ index: 0, value: 0, op: "SCMP_CMP_EQ" }], [{ index: 0, value: 0 }], "/0/op"],
    },
  },
  SeccompArgument: {
    pointer: "/linux/seccomp/syscalls/0/args/0",
    minimal: { index: 0, value: 2114060288, op: "SCMP_CMP_MASKED_EQ" },
    platform: "linux",
    properties: {
      index: uint32,
      value: uint64,
      valueTwo: uint64,
      op: ["SCMP_CMP_NE", "!="],
    },
  },
  LinuxIntelRdt: {
    pointer: "/linux/intelRdt",
    minimal: {},
    platform: "linux",
    properties: {
      closID: ["/", "../other"],
      l3CacheSchema: ["L3:0=7f0;1=1f", 0],
      memBwSchema: ["MB:0=20;1=70", "0=20"],
      schemata: [["L2:0=f", "MB:0=20"], ["L2:0=f\nMB:0=20"], "/0"],
      enableMonitoring: flag,
      enableCMT: flag,
      enableMBM: flag,
    },
  },
  LinuxMemoryPolicy: {
    pointer: "/linux/memoryPolicy",
    minimal: { mode: "MPOL_BIND" },
    platform: "linux",
    properties: {
      mode: ["MPOL_PREFERRED_MANY", "BIND"],
      nodes: cpuList,
      flags: [["MPOL_F_STATIC_NODES"], ["STATIC"], "/0"],
    },
  },
  LinuxPersonality: {
    pointer: "/linux/personality",
    minimal: { domain: "LINUX" },
    platform: "linux",
    properties: { domain: ["LINUX32", "BSD"], flags: [[], ["ADDR_NO_RANDOMIZE"]] },
  },
  OciWindows: {
    pointer: "/windows",
    minimal: { layerFolders: ["C:\\layer", "C:\\scratch"] },
    platform: "windows",
    properties: {
      layerFolders: [["C:\\scratch"], []],
      devices: [
        [{ id: "24E552D7-6523-47F7-A647-D3465BF1F5CA", idType: "class" }],
        [{ id: "x" }],
        "/0/idType",
      ],
      resources: [{}, null],
      network: [{ allowUnqualifiedDNSQuery: true }, "nat"],
      credentialSpec: ['{"CmsPlugins":["ActiveDirectory"]}', 5],
      servicing: flag,
      ignoreFlushesDuringBoot: flag,
      hyperv: [{}, true],
    },
  },
  WindowsDevice: {
    pointer: "/windows/devices/0",
    minimal: { id: "x", idType: "class" },
    platform: "windows",
    properties: { id: ["y", 1], idType: ["vpci-instance-id", []] },
  },
  WindowsResources: {
    pointer: "/windows/resources",
    minimal: {},
    platform: "windows",
    properties: {
      memory: [{ limit: 0 }, 0],
      cpu: [{ count: 2, shares: 0 }, { count: 2, shares: 1 }, ""],
      storage: [{ iops: 50 }, 50],
    },
  },
  WindowsMemory: {
    pointer: "/windows/resources/memory",
    minimal: {},
    platform: "windows",
    properties: { limit: uint64 },
  },
  WindowsCpu: {
    pointer: "/windows/resources/cpu",
    minimal: {},
    platform: "windows",
    properties: {
      count: uint64,
      shares: [10000, 10001],
      maximum: [10000, 10001],
      affinity: [[{ mask: 1, group: 0 }], { mask: 1 }],
    },
  },
  WindowsCpuAffinity: {
    pointer: "/windows/resources/cpu/affinity/0",
    minimal: {},
    platform: "windows",
    properties: { mask: uint64, group: uint32 },
  },
  WindowsStorage: {
    pointer: "/windows/resources/storage",
    minimal: {},
    platform: "windows",
    properties: { iops: uint64, bps: uint64, sandboxSize: uint64 },
  },
  WindowsNetwork: {
    pointer: "/windows/network",
    minimal: {},
    platform: "windows",
    properties: {
      endpointList: strings,
      allowUnqualifiedDNSQuery: flag,
      DNSSearchList: strings,
      networkSharedContainerName: ["other", 1],
      networkNamespace: ["168f3daf-efc6-4377-b20a-2c86764ba892", 1],
    },
  },
  WindowsHyperV: {
    pointer: "/windows/hyperv",
    minimal: {},
    platform: "windows",
    properties: { utilityVMPath: ["C:\\UtilityVM", 1] },
  },
};
