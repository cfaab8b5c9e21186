import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { killContainer } from "../runtime/kill-container.ts";

export default class Kill extends RuntimeCommand {
  static override summary = "Send a signal to the init process of a container.";
  static override examples = [
    { description: "Ask the program to end", command: "runhcs kill web" },
    { description: "End every process at once", command: "runhcs kill --all web KILL" },
  ];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
    signal: Args.string({
      ignoreStdin: true,
      description: "name or number of the signal",
      default: "SIGTERM",
    }),
  };
  static override flags = {
    all: Flags.boolean({
      char: "a",
      description: "signal all processes, also of a container that has stopped",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Kill);
    await killContainer(await this.openRuntime(flags), args.id, args.signal, flags.all);
  }
}
