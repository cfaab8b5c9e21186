/**
 * Resource usage from the controllers of cgroup v1, one folder per controller.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/
 */
import type { ControlGroup, Count } from "./cgroup-files.ts";
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
export async function readCpuV1(
  cpu: ControlGroup | undefined,
  cpuacct: ControlGroup | undefined,
): Promise<CpuMetrics> {
  return {
    usage: cpuacct === undefined ? {} : await readCpuUsage(cpuacct),
    throttling: cpu === undefined ? {} : await readThrottling(cpu),
  };
}

/** Reads the cpuset controller. */
export async function readCpusetV1(group: ControlGroup): Promise<CpusetMetrics> {
  const count = (name: string) => readCount(group, `cpuset.${name}`);
  const ranges = async (name: string) => parseRanges((await readOptional(group, `cpuset.${name}`)) ?? "");
  return {
    ...withoutZeros({ cpus: await ranges("cpus"), mems: await ranges("mems") }),
    ...withoutUnknown({
      cpu_exclusive: await count("cpu_exclusive"),
      mem_hardwall: await count("mem_hardwall"),
      mem_exclusive: await count("mem_exclusive"),
      memory_migrate: await count("memory_migrate"),
      memory_spread_page: await count("memory_spread_page"),
      memory_spread_slab: await count("memory_spread_slab"),
      memory_pressure: await count("memory_pressure"),
      sched_load_balance: await count("sched_load_balance"),
      sched_relax_domain_level: await count("sched_relax_domain_level"),
    }),
  };
}

/** Reads the memory controller. */
export async function readMemoryV1(group: ControlGroup): Promise<MemoryMetrics> {
  const stat = parseFlatKeyed((await readOptional(group, "memory.stat")) ?? "");
  return {
    ...withoutZeros({ cache: stat.get("cache") }),
    ...withoutUnknown({
      usage: await readMemoryEntry(group, "memory"),
      swap: await readMemoryEntry(group, "memory.memsw"),
      kernel: await readMemoryEntry(group, "memory.kmem"),
      kernelTCP: await readMemoryEntry(group, "memory.kmem.tcp"),
    }),
    ...(stat.size > 0 && { raw: toSortedRecord(stat) }),
  };
}

/** Reads the pids controller. */
export async function readPidsV1(group: ControlGroup): Promise<PidsMetrics> {
  const limit = await readCount(group, "pids.max");
  return withoutZeros({
    current: await readCount(group, "pids.current"),
    limit: limit === UNLIMITED ? undefined : limit,
  });
}

/** Reads the blkio controller. */
export async function readBlkioV1(group: ControlGroup): Promise<BlkioMetrics> {
  const metrics: BlkioMetrics = {};
  for (const [table, files] of BLKIO_FILES) {
    const entries = await readFirstEntries(group, files);
    if (entries !== undefined) metrics[table] = entries;
  }
  return metrics;
}

/** Reads the hugetlb controller; reservations count where the kernel tells them. */
export async function readHugetlbV1(group: ControlGroup): Promise<HugetlbMetrics> {
  const metrics: HugetlbMetrics = {};
  for (const size of await hugePageSizes(group, "usage_in_bytes")) {
    const reserved = await readCount(group, `hugetlb.${size}.rsvd.usage_in_bytes`);
    const prefix = reserved === undefined ? `hugetlb.${size}` : `hugetlb.${size}.rsvd`;
    metrics[size] = {
      ...withoutZeros({
        usage: reserved ?? (await readCount(group, `${prefix}.usage_in_bytes`)),
        max: await readCount(group, `${prefix}.max_usage_in_bytes`),
      }),
      ...withoutUnknown({ failcnt: await readCount(group, `${prefix}.failcnt`) }),
    };
  }
  return metrics;
}

async function readCpuUsage(group: ControlGroup): Promise<CpuMetrics["usage"]> {
  const modes = await readCpuModes(group);
  const stat = (await readOptional(group, "cpuacct.stat")) ?? "";
  const ticks = (mode: string) =>
    parseCount(new RegExp(`^${mode} (\\d+)$`, "m").exec(stat)?.[1], NANOSECONDS_PER_TICK);
  return {
    ...withoutZeros({
      total: await readCount(group, "cpuacct.usage"),
      percpu: parseCounts((await readOptional(group, "cpuacct.usage_percpu")) ?? ""),
      percpu_kernel: modes.kernel,
      percpu_user: modes.user,
    }),
    ...withoutUnknown({ kernel: ticks("system"), user: ticks("user") }),
  };
}

/** cpuacct.usage_all has a line "cpu user system" and then one per processor. */
async function readCpuModes(group: ControlGroup): Promise<{ user: Count[]; kernel: Count[] }> {
  const [, ...lines] = ((await readOptional(group, "cpuacct.usage_all")) ?? "").trim().split("\n");
  const rows = lines.map(parseCounts);
  return { user: rows.map((row) => row[1] ?? 0), kernel: rows.map((row) => row[2] ?? 0) };
}

async function readThrottling(group: ControlGroup): Promise<CpuMetrics["throttling"]> {
  const stat = parseFlatKeyed((await readOptional(group, "cpu.stat")) ?? "");
  return withoutZeros({
    periods: stat.get("nr_periods"),
    throttledPeriods: stat.get("nr_throttled"),
    throttledTime: stat.get("throttled_time"),
  });
}

async function readMemoryEntry(group: ControlGroup, prefix: string): Promise<MemoryEntry | undefined> {
  const usage = await readCount(group, `${prefix}.usage_in_bytes`);
  if (usage === undefined) return undefined;
  return {
    ...withoutUnknown({ limit: await readCount(group, `${prefix}.limit_in_bytes`) }),
    ...withoutZeros({ usage, max: await readCount(group, `${prefix}.max_usage_in_bytes`) }),
    ...withoutUnknown({ failcnt: await readCount(group, `${prefix}.failcnt`) }),
  };
}

async function readFirstEntries(
  group: ControlGroup,
  files: readonly string[],
): Promise<BlkioEntry[] | undefined> {
  for (const file of files) {
    const entries = parseBlkio((await readOptional(group, file)) ?? "");
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
