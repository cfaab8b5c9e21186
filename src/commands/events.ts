import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { parseDuration } from "../cli/duration.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { containerStatistics, followEvents } from "../runtime/container-events.ts";

export default class Events extends RuntimeCommand {
  static override summary = "Show resource usage and out-of-memory kills of a container.";
  static override description =
    "One JSON object a line, in the shape that engines read; ends with the container.";
  static override examples = [
    { description: "Show the usage once", command: "runhcs events --stats web" },
    { description: "Follow it every second", command: "runhcs events --interval 1s web" },
  ];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
  };
  static override flags = {
    stats: Flags.boolean({ description: "show the usage once and end" }),
    interval: Flags.string({ description: "time between two reports: 5s, 500ms", default: "5s" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Events);
    const intervalMs = parseDuration(flags.interval);
    const runtime = await this.openRuntime(flags);
    if (flags.stats) this.printJsonLine(await containerStatistics(runtime, args.id));
    else await followEvents(runtime, { id: args.id, intervalMs }, (event) => this.printJsonLine(event));
  }
}
