/**
 * The resource usage of a container, each controller read from the hierarchy that it is on: a hybrid host has
 * some on v1 and others on v2.
 */
import { statSync } from "node:fs";
import type { CgroupPaths } from "./cgroup-paths.ts";
import { mainDirectory } from "./cgroup-paths.ts";
import type { CgroupMetrics } from "./metrics-shape.ts";
import {
  readBlkioV1,
  readCpuV1,
  readCpusetV1,
  readHugetlbV1,
  readMemoryV1,
  readPidsV1,
} from "./metrics-v1.ts";
import {
  readBlkioV2,
  readCpuV2,
  readCpusetV2,
  readHugetlbV2,
  readMemoryV2,
  readPidsV2,
} from "./metrics-v2.ts";

/**
 * Reads what a container uses and may use; controllers and files that the host lacks are left out.
 *
 * @throws the system error ENOENT when the control group has been removed
 */
export function readMetrics({ controllers, unified }: CgroupPaths): CgroupMetrics {
  const read = <T>(
    controller: string,
    v1: (directory: string) => T,
    v2: (directory: string) => T,
  ): T | Record<string, never> => {
    const directory = controllers[controller];
    if (directory !== undefined) return v1(directory);
    return unified === undefined ? {} : v2(unified);
  };
  const metrics: CgroupMetrics = {
    cpu: readCpu(controllers, unified),
    cpuset: read("cpuset", readCpusetV1, readCpusetV2),
    memory: read("memory", readMemoryV1, readMemoryV2),
    pids: read("pids", readPidsV1, readPidsV2),
    blkio: read("blkio", readBlkioV1, readBlkioV2),
    hugetlb: read("hugetlb", readHugetlbV1, readHugetlbV2),
    intel_rdt: {},
    network_interfaces: null,
  };
  // A group that is removed while it is read looks like one without controllers.
  statSync(mainDirectory({ controllers, unified }));
  return metrics;
}

/** On v1, two controllers share the work that is one on v2. */
function readCpu(controllers: CgroupPaths["controllers"], unified: string | undefined): CgroupMetrics["cpu"] {
  const { cpu, cpuacct } = controllers;
  if (cpu !== undefined || cpuacct !== undefined) return readCpuV1(cpu, cpuacct);
  return unified === undefined ? { usage: {}, throttling: {} } : readCpuV2(unified);
}
