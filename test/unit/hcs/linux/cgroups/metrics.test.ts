import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CgroupPaths } from "../../../../../src/hcs/linux/cgroups/cgroup-paths.ts";
import type { CgroupMetrics } from "../../../../../src/hcs/linux/cgroups/metrics-shape.ts";
import { readMetrics } from "../../../../../src/hcs/linux/cgroups/metrics.ts";
import { hostMachine } from "../test-machine.ts";
import { makeCgroupFolder } from "./cgroup-folder.ts";

function read(paths: CgroupPaths): Promise<CgroupMetrics | undefined> {
  return readMetrics(hostMachine(), paths);
}

const V2_FILES = {
  "cgroup.procs": "10\n11\n",
  "cpu.stat":
    "usage_usec 9007199254740993\nuser_usec 1200\nsystem_usec 300\nnice_usec 0\n" +
    "nr_periods 40\nnr_throttled 4\nthrottled_usec 5000\nnr_bursts 0\nburst_usec 0\n",
  "cpu.pressure":
    "some avg10=1.53 avg60=0.30 avg300=0.06 total=193042\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
  "cpuset.cpus": "\n",
  "cpuset.cpus.effective": "0-1,4\n",
  "cpuset.mems.effective": "0\n",
  "memory.current": "4096000\n",
  "memory.max": "16777216\n",
  "memory.peak": "5000000\n",
  "memory.stat": "file 8192\nanon 4096\npgfault 77\n",
  "memory.events": "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n",
  "memory.swap.current": "1000\n",
  "memory.swap.max": "max\n",
  "memory.swap.peak": "3000\n",
  "memory.swap.events": "high 0\nmax 2\nfail 0\n",
  "memory.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n",
  "io.stat":
    "254:0 rbytes=1048576 wbytes=512 rios=16 wios=1 dbytes=0 dios=0\n8:16 rbytes=4096 wbytes=0 rios=1 wios=0\n",
  "pids.current": "2\n",
  "pids.max": "20\n",
  "hugetlb.2MB.current": "0\n",
  "hugetlb.2MB.rsvd.current": "4194304\n",
  "hugetlb.2MB.max": "max\n",
  "hugetlb.2MB.events": "max 3\n",
  "hugetlb.1GB.current": "1073741824\n",
  "hugetlb.1GB.max": "max\n",
  "hugetlb.1GB.events": "max 0\n",
};

describe("readMetrics on cgroup v2", () => {
  test("gives every value under the name, and in the unit, that runc gives it", async () => {
    const unified = makeCgroupFolder(V2_FILES);
    expect(await read({ controllers: {}, unified })).toEqual({
      cpu: {
        usage: { total: 9_007_199_254_740_993_000n, kernel: 300_000, user: 1_200_000 },
        throttling: { periods: 40, throttledPeriods: 4, throttledTime: 5_000_000 },
        psi: {
          some: { avg10: 1.53, avg60: 0.3, avg300: 0.06, total: 193_042 },
          full: { avg10: 0, avg60: 0, avg300: 0, total: 0 },
        },
      },
      cpuset: { cpus: [0, 1, 4], mems: [0] },
      memory: {
        cache: 8192,
        usage: { limit: 16_777_216, usage: 4_096_000, max: 5_000_000, failcnt: 12 },
        swap: { limit: 18_446_744_073_709_551_615n, usage: 4_097_000, failcnt: 2 },
        raw: { anon: 4096, file: 8192, pgfault: 77 },
        psi: { some: { avg10: 0, avg60: 0, avg300: 0, total: 9 } },
      },
      pids: { current: 2, limit: 20 },
      blkio: {
        ioServiceBytesRecursive: [
          { major: 254, op: "Read", value: 1_048_576 },
          { major: 254, op: "Write", value: 512 },
          { major: 8, minor: 16, op: "Read", value: 4096 },
          { major: 8, minor: 16, op: "Write" },
        ],
        ioServicedRecursive: [
          { major: 254, op: "Read", value: 16 },
          { major: 254, op: "Write", value: 1 },
          { major: 8, minor: 16, op: "Read", value: 1 },
          { major: 8, minor: 16, op: "Write" },
        ],
      },
      hugetlb: { "1GB": { usage: 1_073_741_824, failcnt: 0 }, "2MB": { usage: 4_194_304, failcnt: 3 } },
      intel_rdt: {},
      network_interfaces: null,
    });
  });

  test("adds the limits of memory and swap, which v1 counts together", async () => {
    const unified = makeCgroupFolder({ ...V2_FILES, "memory.swap.max": "1000\n" });
    expect((await read({ controllers: {}, unified }))?.memory.swap?.limit).toBe(16_778_216);
    const unlimited = makeCgroupFolder({ ...V2_FILES, "memory.max": "max\n", "memory.swap.max": "1000\n" });
    expect((await read({ controllers: {}, unified: unlimited }))?.memory.swap?.limit).toBe(
      18_446_744_073_709_551_615n,
    );
  });

  test("leaves out what is not there and counts processes itself without the pids controller", async () => {
    const unified = makeCgroupFolder({ "cgroup.procs": "10\n11\n12\n", "cpu.stat": "usage_usec 5\n" });
    expect(await read({ controllers: {}, unified })).toEqual({
      cpu: { usage: { total: 5000 }, throttling: {} },
      cpuset: {},
      memory: {},
      pids: { current: 3 },
      blkio: {},
      hugetlb: {},
      intel_rdt: {},
      network_interfaces: null,
    });
  });

  test("keeps the limit of a group without processes, and knows none where it is max", async () => {
    const empty = makeCgroupFolder({ "pids.current": "0\n", "pids.max": "20\n" });
    expect((await read({ controllers: {}, unified: empty }))?.pids).toEqual({ limit: 20 });
    const unlimited = makeCgroupFolder({ "pids.current": "1\n", "pids.max": "max\n" });
    expect((await read({ controllers: {}, unified: unlimited }))?.pids).toEqual({ current: 1 });
  });
});

describe("readMetrics on cgroup v1", () => {
  test("takes block device counters from the first file that has any", async () => {
    const bfq = "254:0 Read 4096\n254:0 Write 0\n254:0 Total 4096\nTotal 4096\n";
    const blkio = makeCgroupFolder({
      "blkio.bfq.io_service_bytes_recursive": "Total 0\n",
      "blkio.throttle.io_service_bytes_recursive": bfq,
      "blkio.throttle.io_service_bytes": "254:0 Read 1\nTotal 1\n",
      "blkio.bfq.io_serviced_recursive": "254:0 Read 1\nTotal 1\n",
      "blkio.throttle.io_serviced_recursive": "254:0 Read 9\nTotal 9\n",
      "blkio.bfq.sectors_recursive": "254:0 8\n",
    });
    expect((await read({ controllers: { blkio }, unified: undefined }))?.blkio).toEqual({
      ioServiceBytesRecursive: [
        { major: 254, op: "Read", value: 4096 },
        { major: 254, op: "Write" },
        { major: 254, op: "Total", value: 4096 },
      ],
      ioServicedRecursive: [{ major: 254, op: "Read", value: 1 }],
      sectorsRecursive: [{ major: 254, value: 8 }],
    });
  });

  test("counts huge pages, reserved ones where the kernel tells them", async () => {
    const hugetlb = makeCgroupFolder({
      "hugetlb.2MB.usage_in_bytes": "0\n",
      "hugetlb.2MB.rsvd.usage_in_bytes": "2097152\n",
      "hugetlb.2MB.rsvd.max_usage_in_bytes": "4194304\n",
      "hugetlb.2MB.rsvd.failcnt": "1\n",
      "hugetlb.1GB.usage_in_bytes": "0\n",
      "hugetlb.1GB.max_usage_in_bytes": "0\n",
      "hugetlb.1GB.failcnt": "0\n",
    });
    expect((await read({ controllers: { hugetlb }, unified: undefined }))?.hugetlb).toEqual({
      "1GB": { failcnt: 0 },
      "2MB": { usage: 2_097_152, max: 4_194_304, failcnt: 1 },
    });
  });

  test("reads each controller from the hierarchy that it is on", async () => {
    const pids = makeCgroupFolder({ "pids.current": "7\n", "pids.max": "max\n" });
    const unified = makeCgroupFolder({ "hugetlb.2MB.current": "2097152\n", "hugetlb.2MB.events": "max 0\n" });
    const metrics = await read({ controllers: { pids }, unified });
    expect(metrics?.pids).toEqual({ current: 7 });
    expect(metrics?.hugetlb).toEqual({ "2MB": { usage: 2_097_152, failcnt: 0 } });
  });
});

test("readMetrics says that the control group is gone", async () => {
  const directory = makeCgroupFolder({});
  rmSync(directory, { recursive: true });
  expect(await read({ controllers: {}, unified: directory })).toBeUndefined();
  expect(await read({ controllers: { pids: directory }, unified: undefined })).toBeUndefined();
});
