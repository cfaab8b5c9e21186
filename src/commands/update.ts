import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { readInput } from "../cli/input.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { resourcesFromFlags } from "../oci/resource-flags.ts";
import { readResources } from "../oci/resources-file.ts";
import { updateContainer } from "../runtime/update-container.ts";

export default class Update extends RuntimeCommand {
  static override summary = "Change the resource limits of a container.";
  static override examples = [
    { description: "Limit memory and processes", command: "runhcs update --memory 64m --pids-limit 100 web" },
    {
      description: "Take the limits from a file, - for standard input",
      command: "runhcs update -r limits.json web",
    },
  ];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
  };
  static override flags = {
    resources: Flags.string({
      char: "r",
      description: "file with OCI resources as JSON, - for standard input",
    }),
    memory: Flags.string({ description: "bytes, or with a unit: 64m" }),
    "memory-reservation": Flags.string({ description: "soft limit of memory" }),
    "memory-swap": Flags.string({ description: "memory and swap together, -1 for no limit" }),
    "kernel-memory": Flags.string({ description: "kernel memory (removed from newer kernels)" }),
    "kernel-memory-tcp": Flags.string({ description: "kernel memory of TCP buffers" }),
    "pids-limit": Flags.string({ description: "number of processes, -1 for no limit" }),
    "cpu-quota": Flags.string({ description: "microseconds of CPU time in each period" }),
    "cpu-period": Flags.string({ description: "length of the period in microseconds" }),
    "cpu-burst": Flags.string({ description: "unused microseconds that may be saved up" }),
    "cpu-share": Flags.string({ description: "weight against other containers" }),
    "cpu-idle": Flags.string({ description: "1 schedules the container as idle" }),
    "cpu-rt-period": Flags.string({ description: "period of realtime scheduling in microseconds" }),
    "cpu-rt-runtime": Flags.string({ description: "microseconds of realtime in each period" }),
    "cpuset-cpus": Flags.string({ description: "CPUs to use: 0-2,4" }),
    "cpuset-mems": Flags.string({ description: "memory nodes to use" }),
    "blkio-weight": Flags.string({ description: "weight of block I/O, 10 to 1000" }),
    "l3-cache-schema": Flags.string({ hidden: true, description: "refused: Intel RDT" }),
    "mem-bw-schema": Flags.string({ hidden: true, description: "refused: Intel RDT" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Update);
    const { resources: file } = flags;

    const resources =
      file === undefined ? resourcesFromFlags(flags) : readResources(readInput("--resources", file));
    await updateContainer(await this.openRuntime(flags), args.id, resources);
  }
}
