/**
 * Resource usage from the files of one cgroup v2 folder, under the names that cgroup v1 and runc gave it.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
import type { ControlGroup, Count } from "./cgroup-files.ts";
import { UNLIMITED, parseCount, parseFlatKeyed, parseNestedKeyed, parseRanges } from "./cgroup-files.ts";
import { hugePageSizes, readCount, readOptional, toCount, toSortedRecord } from "./cgroup-files.ts";
import type { BlkioEntry, BlkioMetrics, CpuMetrics, CpusetMetrics, HugetlbMetrics } from "./metrics-shape.ts";
import type { MemoryEntry, MemoryMetrics, PidsMetrics, Pressure, PressureTimes } from "./metrics-shape.ts";
import { withoutUnknown, withoutZeros } from "./metrics-shape.ts";
import { readPidsV1 } from "./metrics-v1.ts";

/** Reads cpu.stat, which every v2 group has, and cpu.pressure. */
export async function readCpuV2(group: ControlGroup): Promise<CpuMetrics> {
  const stat = parseFlatKeyed((await readOptional(group, "cpu.stat")) ?? "");
  const nanoseconds = (key: string) => multiply(stat.get(key), 1000n);
  return {
    usage: {
      ...withoutZeros({ total: nanoseconds("usage_usec") }),
      ...withoutUnknown({ kernel: nanoseconds("system_usec"), user: nanoseconds("user_usec") }),
    },
    throttling: withoutZeros({
      periods: stat.get("nr_periods"),
      throttledPeriods: stat.get("nr_throttled"),
      throttledTime: nanoseconds("throttled_usec"),
    }),
    ...(await readPressure(group, "cpu.pressure")),
  };
}

/** Reads the processors and memory nodes that are in effect; v2 has none of v1's flags. */
export async function readCpusetV2(group: ControlGroup): Promise<CpusetMetrics> {
  return withoutZeros({
    cpus: parseRanges((await readOptional(group, "cpuset.cpus.effective")) ?? ""),
    mems: parseRanges((await readOptional(group, "cpuset.mems.effective")) ?? ""),
  });
}

/** Reads the memory controller. */
export async function readMemoryV2(group: ControlGroup): Promise<MemoryMetrics> {
  const stat = parseFlatKeyed((await readOptional(group, "memory.stat")) ?? "");
  const memory = await readMemoryEntry(group, "memory");
  const swap = await readMemoryEntry(group, "memory.swap");
  return {
    ...withoutZeros({ cache: stat.get("file") }),
    ...withoutUnknown({ usage: memory, swap: memory && swap && addMemoryToSwap(memory, swap) }),
    ...(stat.size > 0 && { raw: toSortedRecord(stat) }),
    ...(await readPressure(group, "memory.pressure")),
  };
}

/** Reads the pids controller, whose files are v1's; where it is off, the group's own processes are counted. */
export async function readPidsV2(group: ControlGroup): Promise<PidsMetrics> {
  if ((await readCount(group, "pids.current")) !== undefined) return readPidsV1(group);
  const processes = ((await readOptional(group, "cgroup.procs")) ?? "").split("\n").length - 1;
  return withoutZeros({ current: processes });
}

/** Reads the io controller. */
export async function readBlkioV2(group: ControlGroup): Promise<BlkioMetrics> {
  const bytes: BlkioEntry[] = [];
  const operations: BlkioEntry[] = [];
  for (const [device, counters] of parseNestedKeyed((await readOptional(group, "io.stat")) ?? "")) {
    bytes.push(...toEntries(device, { Read: counters.get("rbytes"), Write: counters.get("wbytes") }));
    operations.push(...toEntries(device, { Read: counters.get("rios"), Write: counters.get("wios") }));
  }
  return {
    ...withoutZeros({ ioServiceBytesRecursive: bytes, ioServicedRecursive: operations }),
    ...(await readPressure(group, "io.pressure")),
  };
}

/** Reads the hugetlb controller; reservations count where the kernel tells them, the peak it does not tell. */
export async function readHugetlbV2(group: ControlGroup): Promise<HugetlbMetrics> {
  const metrics: HugetlbMetrics = {};
  for (const size of await hugePageSizes(group, "current")) {
    const prefix = `hugetlb.${size}`;
    const reserved = await readCount(group, `${prefix}.rsvd.current`);
    const usage = reserved ?? (await readCount(group, `${prefix}.current`));
    metrics[size] = { ...withoutZeros({ usage }), ...(await readFailures(group, `${prefix}.events`)) };
  }
  return metrics;
}

async function readMemoryEntry(group: ControlGroup, prefix: string): Promise<MemoryEntry | undefined> {
  const usage = await readCount(group, `${prefix}.current`);
  if (usage === undefined) return undefined;
  return {
    ...withoutUnknown({ limit: await readCount(group, `${prefix}.max`) }),
    ...withoutZeros({ usage, max: await readCount(group, `${prefix}.peak`) }),
    ...(await readFailures(group, `${prefix}.events`)),
  };
}

/** The event `max` is what v1 calls failcnt: the limit was about to be passed. */
async function readFailures(group: ControlGroup, file: string): Promise<{ failcnt?: Count }> {
  const failcnt = parseFlatKeyed((await readOptional(group, file)) ?? "").get("max");
  return failcnt === undefined ? {} : { failcnt };
}

/** v1 and runc count memory and swap together; their common peak cannot be known. */
function addMemoryToSwap(memory: MemoryEntry, swap: MemoryEntry): MemoryEntry {
  return {
    ...withoutUnknown({ limit: add(memory.limit, swap.limit) }),
    ...withoutZeros({ usage: add(memory.usage, swap.usage) }),
    ...withoutUnknown({ failcnt: swap.failcnt }),
  };
}

async function readPressure(group: ControlGroup, file: string): Promise<{ psi?: Pressure }> {
  const lines = parseNestedKeyed((await readOptional(group, file)) ?? "");
  if (lines.size === 0) return {};
  const some = toPressureTimes(lines.get("some"));
  const full = toPressureTimes(lines.get("full"));
  return { psi: { ...(some && { some }), ...(full && { full }) } };
}

function toPressureTimes(values: ReadonlyMap<string, string> | undefined): PressureTimes | undefined {
  if (values === undefined) return undefined;
  const average = (key: string) => Number(values.get(key) ?? 0);
  return {
    avg10: average("avg10"),
    avg60: average("avg60"),
    avg300: average("avg300"),
    total: parseCount(values.get("total")) ?? 0,
  };
}

function toEntries(device: string, counters: Record<string, string | undefined>): BlkioEntry[] {
  const [major, minor] = device.split(":");
  return Object.entries(counters)
    .filter(([, value]) => value !== undefined)
    .map(([op, value]) =>
      withoutZeros({ major: parseCount(major), minor: parseCount(minor), op, value: parseCount(value) }),
    );
}

function multiply(count: Count | undefined, factor: bigint): Count | undefined {
  return count === undefined ? undefined : toCount(BigInt(count) * factor);
}

function add(left: Count = 0, right: Count = 0): Count {
  const sum = BigInt(left) + BigInt(right);
  return sum > UNLIMITED ? UNLIMITED : toCount(sum);
}
