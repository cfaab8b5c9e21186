/**
 * The shape of a container's resource usage: the `data` of a line that runc's `events --stats` prints, with the
 * same names, units and omissions, so that programs made for runc read it.
 *
 * @see https://github.com/opencontainers/runc/blob/main/types/events.go
 */
import type { Count } from "./cgroup-files.ts";

/** Bytes, or events for `failcnt`; what the kernel does not tell is absent. */
export type MemoryEntry = {
  limit?: Count | undefined;
  usage?: Count | undefined;
  /** The highest usage so far. */
  max?: Count | undefined;
  /** How often the limit was hit. */
  failcnt?: Count | undefined;
};

/** Share of time in percent over 10, 60 and 300 seconds, and the total in microseconds. */
export type PressureTimes = { avg10: number; avg60: number; avg300: number; total: Count };

/** Time in which some or all tasks waited for a resource. */
export type Pressure = { some?: PressureTimes; full?: PressureTimes };

/** Processor time, and how often a quota stopped the container. */
export type CpuMetrics = {
  /** Nanoseconds. */
  usage: {
    total?: Count | undefined;
    percpu?: Count[];
    percpu_kernel?: Count[];
    percpu_user?: Count[];
    kernel?: Count | undefined;
    user?: Count | undefined;
  };
  /** `throttledTime` in nanoseconds. */
  throttling: {
    periods?: Count | undefined;
    throttledPeriods?: Count | undefined;
    throttledTime?: Count | undefined;
  };
  psi?: Pressure;
};

/** The processors and memory nodes that the container may use, and v1's flags. */
export type CpusetMetrics = {
  cpus?: number[];
  cpu_exclusive?: Count | undefined;
  mems?: number[];
  mem_hardwall?: Count | undefined;
  mem_exclusive?: Count | undefined;
  memory_migrate?: Count | undefined;
  memory_spread_page?: Count | undefined;
  memory_spread_slab?: Count | undefined;
  memory_pressure?: Count | undefined;
  sched_load_balance?: Count | undefined;
  sched_relax_domain_level?: Count | undefined;
};

/** Memory of the container, by kind. */
export type MemoryMetrics = {
  /** Bytes of the page cache. */
  cache?: Count | undefined;
  usage?: MemoryEntry | undefined;
  /** Memory and swap together, on v2 too. */
  swap?: MemoryEntry | undefined;
  kernel?: MemoryEntry | undefined;
  kernelTCP?: MemoryEntry | undefined;
  /** Every line of memory.stat. */
  raw?: Record<string, Count>;
  psi?: Pressure;
};

/** Without a limit there is no `limit`. */
export type PidsMetrics = { current?: Count | undefined; limit?: Count | undefined };

/** One counter of one block device. */
export type BlkioEntry = {
  major?: Count | undefined;
  minor?: Count | undefined;
  op?: string | undefined;
  value?: Count | undefined;
};

/** The lists of block device counters, by runc's names. */
export type BlkioTable =
  | "ioServiceBytesRecursive"
  | "ioServicedRecursive"
  | "ioQueueRecursive"
  | "ioServiceTimeRecursive"
  | "ioWaitTimeRecursive"
  | "ioMergedRecursive"
  | "ioTimeRecursive"
  | "sectorsRecursive";

/** Counters per block device; lists without entries are absent. */
export type BlkioMetrics = { [table in BlkioTable]?: BlkioEntry[] } & { psi?: Pressure };

/** Bytes, by page size such as `2MB`. */
export type HugetlbMetrics = Record<
  string,
  { usage?: Count | undefined; max?: Count | undefined; failcnt?: Count | undefined }
>;

/** The resource usage of a container. */
export type CgroupMetrics = {
  cpu: CpuMetrics;
  cpuset: CpusetMetrics;
  memory: MemoryMetrics;
  pids: PidsMetrics;
  blkio: BlkioMetrics;
  hugetlb: HugetlbMetrics;
  /** Empty: no resctrl group is made for containers. */
  intel_rdt: Record<string, never>;
  /** Null as in runc, which knows only interfaces that it made itself. */
  network_interfaces: null;
};

/** Drops what runc does not print either: zeros, empty strings and lists, and values that are unknown. */
export function withoutZeros<T extends object>(values: T): Partial<T> {
  const kept: Partial<T> = {};
  for (const key in values) {
    const value = values[key];
    const isEmptyList = Array.isArray(value) && value.length === 0;
    if (value && !isEmptyList) kept[key] = value;
  }
  return kept;
}

/** Drops values that are unknown. */
export function withoutUnknown<T extends object>(values: T): Partial<T> {
  const kept: Partial<T> = {};
  for (const key in values) if (values[key] !== undefined) kept[key] = values[key];
  return kept;
}
