/**
 * The resource usage of a container, each controller read from the hierarchy that it is on: a hybrid host has
 * some on v1 and others on v2.
 */
import type { MachineFiles } from "../machine.ts";
import { isPresent, type ControlGroup } from "./cgroup-files.ts";
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
 * Reads what a container uses and may use; controllers and files that the machine lacks are left out.
 *
 * @returns undefined if the control group has been removed
 */
export async function readMetrics(
  machine: MachineFiles,
  paths: CgroupPaths,
): Promise<CgroupMetrics | undefined> {
  const group = (directory: string | undefined): ControlGroup | undefined =>
    directory === undefined ? undefined : { machine, directory };
  const unified = group(paths.unified);
  const read = async <T>(
    controller: string,
    readV1: (v1: ControlGroup) => Promise<T>,
    readV2: (v2: ControlGroup) => Promise<T>,
  ): Promise<T | Record<string, never>> => {
    const v1 = group(paths.controllers[controller]);
    if (v1 !== undefined) return readV1(v1);
    return unified === undefined ? {} : readV2(unified);
  };
  const { cpu, cpuacct } = paths.controllers;
  const metrics: CgroupMetrics = {
    cpu: await readCpu(group(cpu), group(cpuacct), unified),
    cpuset: await read("cpuset", readCpusetV1, readCpusetV2),
    memory: await read("memory", readMemoryV1, readMemoryV2),
    pids: await read("pids", readPidsV1, readPidsV2),
    blkio: await read("blkio", readBlkioV1, readBlkioV2),
    hugetlb: await read("hugetlb", readHugetlbV1, readHugetlbV2),
    intel_rdt: {},
    network_interfaces: null,
  };
  // A group that is removed while it is read looks like one without controllers.
  return (await isPresent({ machine, directory: mainDirectory(paths) })) ? metrics : undefined;
}

/** On v1, two controllers share the work that is one on v2. */
async function readCpu(
  cpu: ControlGroup | undefined,
  cpuacct: ControlGroup | undefined,
  unified: ControlGroup | undefined,
): Promise<CgroupMetrics["cpu"]> {
  if (cpu !== undefined || cpuacct !== undefined) return readCpuV1(cpu, cpuacct);
  return unified === undefined ? { usage: {}, throttling: {} } : readCpuV2(unified);
}
