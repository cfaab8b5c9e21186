import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { requireOneOf } from "../cli/open-runtime.ts";
import { detailTable, processTable } from "../cli/process-table.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { listProcesses } from "../runtime/list-processes.ts";

export default class Ps extends RuntimeCommand {
  static override summary = "Show the processes of a container.";
  static override examples = [
    "runhcs ps web",
    "runhcs ps --format json web",
    "runhcs ps web -o pid,rss,args",
  ];
  static override operandsEndFlags = true;
  static override strict = false;
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
    options: Args.string({ ignoreStdin: true, description: "options of ps(1), -ef if none" }),
  };
  static override flags = {
    format: Flags.string({ char: "f", description: "table or json", default: "table" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Ps);
    requireOneOf("format", flags.format, ["table", "json"]);
    const [, ...options] = this.operands;
    const { pids, details } = await listProcesses(await this.openRuntime(flags), args.id);
    if (flags.format === "json") return this.print(JSON.stringify(pids));
    if (details !== undefined) return this.printTable(...detailTable(details, options));
    for (const line of processTable(pids, options)) this.print(line);
  }
}
