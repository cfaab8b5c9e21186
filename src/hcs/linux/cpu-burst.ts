/** The CPU burst limit, which the executors of today's distributions ignore in an update. */
import { join } from "node:path";
import { errnoCode, PlatformError } from "../../base/errors.ts";
import type { LinuxResources } from "../../schema/oci.ts";
import { readCgroupPaths } from "./cgroups/cgroup-paths.ts";
import type { SystemContext } from "./system-context.ts";

/**
 * Sets how many unused microseconds a container may save up, if the resources name it.
 *
 * @param pid the container's init process
 * @throws {PlatformError} if the kernel has no such limit or refuses the value
 * @see https://docs.kernel.org/scheduler/sched-bwc.html
 */
export async function updateCpuBurst(
  { machine, id }: SystemContext,
  pid: number,
  { cpu }: LinuxResources,
): Promise<void> {
  const burst = cpu?.burst;
  if (burst === undefined) return;
  const paths = await readCgroupPaths(machine, pid);
  if (paths === undefined) return; // The container has ended.
  const { controllers, unified } = paths;
  const v1 = join(controllers["cpu"] ?? "", "cpu.cfs_burst_us");
  const v2 = join(unified ?? "", "cpu.max.burst");
  const file = (await machine.exists(v1)) ? v1 : (await machine.exists(v2)) ? v2 : undefined;
  const subject = `Cannot set the CPU burst of container "${id}" to ${burst}`;
  if (file === undefined)
    throw new PlatformError("PLATFORM_UNSUPPORTED", `${subject}: this kernel has no such limit`);
  try {
    await machine.writeText(file, String(burst));
  } catch (error) {
    const refused = errnoCode(error) === "EINVAL" ? "it must not be larger than the quota" : String(error);
    const reason = refused.replace(/^Error: /, "");
    const hint = "Set the quota with --cpu-quota first";
    throw new PlatformError("PLATFORM_UNSUPPORTED", `${subject}: ${reason}`, { hint, cause: error });
  }
}
