/**
 * Resource usage from the controllers of cgroup v1, one folder per controller.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/
 */
import type { Count } from "./cgroup-files.ts";
import { UNLIMITED, parseCount, parseCounts, parseFlatKeyed, parseRanges } from "./cgroup-files.ts";
import { hugePageSizes, readCount, readOptional, toSortedRecord } from "./cgroup-files.ts";
import type { BlkioEntry, BlkioMetrics, BlkioTable, CpuMetrics, CpusetMetrics } from "./metrics-shape.ts";
import type { HugetlbMetrics, MemoryEntry, MemoryMetrics, PidsMetrics } from "./metrics-shape.ts";
import { withoutUnknown, withoutZeros } from "./metrics-shape.ts";

/** cpuacct.stat counts in ticks of USER_HZ, which is 100 per second on every architecture with containers. */
const NANOSECONDS_PER_TICK = 10_000_000n;

/**
 * Where each list of block device counters may come from, best first: the schedulers BFQ and CFQ, which only one
 * of them fills, then the throttling layer, which counts for every device.
 */
const BLKIO_FILES: readonly (readonly [BlkioTable, readonly string[]])[] = [
  ["ioServiceBytesRecursive", blkioFiles("io_service_bytes", true)],
  ["ioServicedRecursive", blkioFiles("io_serviced", true)],
  ["ioQueueRecursive", blkioFiles("io_queued", false)],
  ["ioServiceTimeRecursive", blkioFiles("io_service_time", false)],
  ["ioWaitTimeRecursive", blkioFiles("io_wait_time", false)],
  ["ioMergedRecursive", blkioFiles("io_merged", false)],
  ["ioTimeRecursive", blkioFiles("time", false)],
  ["sectorsRecursive", blkioFiles("sectors", false)],
];

/** Reads the cpu and cpuacct controllers, which are often, but not always, mounted together. */
export function readCpuV1(cpu: string | undefined, cpuacct: string | undefined): CpuMetrics {
  return {
    usage: cpuacct === undefined ? {} : readCpuUsage(cpuacct),
    throttling: cpu === undefined ? {} : readThrottling(cpu),
  };
}

/** Reads the cpuset controller. */
export function readCpusetV1(directory: string): CpusetMetrics {
  const count = (name: string) => readCount(directory, `cpuset.${name}`);
  const ranges = (name: string) => parseRanges(readOptional(directory, `cpuset.${name}`) ?? "");
  return {
    ...withoutZeros({ cpus: ranges("cpus"), mems: ranges("mems") }),
    ...withoutUnknown({
      cpu_exclusive: count("cpu_exclusive"),
      mem_hardwall: count("mem_hardwall"),
      mem_exclusive: count("mem_exclusive"),
      memory_migrate: count("memory_migrate"),
      memory_spread_page: count("memory_spread_page"),
      memory_spread_slab: count("memory_spread_slab"),
      memory_pressure: count("memory_pressure"),
      sched_load_balance: count("sched_load_balance"),
      sched_relax_domain_level: count("sched_relax_domain_level"),
    }),
  };
}

/** Reads the memory controller. */
export function readMemoryV1(directory: string): MemoryMetrics {
  const stat = parseFlatKeyed(readOptional(directory, "memory.stat") ?? "");
  return {
    ...withoutZeros({ cache: stat.get("cache") }),
    ...withoutUnknown({
      usage: readMemoryEntry(directory, "memory"),
      swap: readMemoryEntry(directory, "memory.memsw"),
      kernel: readMemoryEntry(directory, "memory.kmem"),
      kernelTCP: readMemoryEntry(directory, "memory.kmem.tcp"),
    }),
    ...(stat.size > 0 && { raw: toSortedRecord(stat) }),
  };
}

/** Reads the pids controller. */
export function readPidsV1(directory: string): PidsMetrics {
  const limit = readCount(directory, "pids.max");
  return withoutZeros({
    current: readCount(directory, "pids.current"),
    limit: limit === UNLIMITED ? undefined : limit,
  });
}

/** Reads the blkio controller. */
export function readBlkioV1(directory: string): BlkioMetrics {
  const metrics: BlkioMetrics = {};
  for (const [table, files] of BLKIO_FILES) {
    const entries = readFirstEntries(directory, files);
    if (entries !== undefined) metrics[table] = entries;
  }
  return metrics;
}

/** Reads the hugetlb controller; reservations count where the kernel tells them. */
export function readHugetlbV1(directory: string): HugetlbMetrics {
  const metrics: HugetlbMetrics = {};
  for (const size of hugePageSizes(directory, "usage_in_bytes")) {
    const reserved = readCount(directory, `hugetlb.${size}.rsvd.usage_in_bytes`);
    const prefix = reserved === undefined ? `hugetlb.${size}` : `hugetlb.${size}.rsvd`;
    metrics[size] = {
      ...withoutZeros({
        usage: reserved ?? readCount(directory, `${prefix}.usage_in_bytes`),
        max: readCount(directory, `${prefix}.max_usage_in_bytes`),
      }),
      ...withoutUnknown({ failcnt: readCount(directory, `${prefix}.failcnt`) }),
    };
  }
  return metrics;
}

function readCpuUsage(directory: string): CpuMetrics["usage"] {
  const modes = readCpuModes(directory);
  const stat = readOptional(directory, "cpuacct.stat") ?? "";
  const ticks = (mode: string) =>
    parseCount(new RegExp(`^${mode} (\\d+)$`, "m").exec(stat)?.[1], NANOSECONDS_PER_TICK);
  return {
    ...withoutZeros({
      total: readCount(directory, "cpuacct.usage"),
      percpu: parseCounts(readOptional(directory, "cpuacct.usage_percpu") ?? ""),
      percpu_kernel: modes.kernel,
      percpu_user: modes.user,
    }),
    ...withoutUnknown({ kernel: ticks("system"), user: ticks("user") }),
  };
}

/** cpuacct.usage_all has a line "cpu user system" and then one per processor. */
function readCpuModes(directory: string): { user: Count[]; kernel: Count[] } {
  const [, ...lines] = (readOptional(directory, "cpuacct.usage_all") ?? "").trim().split("\n");
  const rows = lines.map(parseCounts);
  return { user: rows.map((row) => row[1] ?? 0), kernel: rows.map((row) => row[2] ?? 0) };
}

function readThrottling(directory: string): CpuMetrics["throttling"] {
  const stat = parseFlatKeyed(readOptional(directory, "cpu.stat") ?? "");
  return withoutZeros({
    periods: stat.get("nr_periods"),
    throttledPeriods: stat.get("nr_throttled"),
    throttledTime: stat.get("throttled_time"),
  });
}

function readMemoryEntry(directory: string, prefix: string): MemoryEntry | undefined {
  const usage = readCount(directory, `${prefix}.usage_in_bytes`);
  if (usage === undefined) return undefined;
  return {
    ...withoutUnknown({ limit: readCount(directory, `${prefix}.limit_in_bytes`) }),
    ...withoutZeros({ usage, max: readCount(directory, `${prefix}.max_usage_in_bytes`) }),
    ...withoutUnknown({ failcnt: readCount(directory, `${prefix}.failcnt`) }),
  };
}

function readFirstEntries(directory: string, files: readonly string[]): BlkioEntry[] | undefined {
  for (const file of files) {
    const entries = parseBlkio(readOptional(directory, file) ?? "");
    if (entries.length > 0) return entries;
  }
  return undefined;
}

/** Lines are `major:minor operation value`, or without the operation; sums over devices start with "Total". */
function parseBlkio(text: string): BlkioEntry[] {
  const entries: BlkioEntry[] = [];
  for (const line of text.split("\n")) {
    const [, major, minor, op, value] = /^(\d+):(\d+)(?: (\w+))? (\d+)$/.exec(line) ?? [];
    if (value === undefined) continue;
    entries.push(
      withoutZeros({ major: parseCount(major), minor: parseCount(minor), op, value: parseCount(value) }),
    );
  }
  return entries;
}

function blkioFiles(counter: string, isThrottled: boolean): string[] {
  const scheduled = [`blkio.bfq.${counter}_recursive`, `blkio.${counter}_recursive`];
  if (!isThrottled) return scheduled;
  return [...scheduled, `blkio.throttle.${counter}_recursive`, `blkio.throttle.${counter}`];
}
