import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { deleteContainer } from "../runtime/delete-container.ts";

export default class Delete extends RuntimeCommand {
  static override summary = "Remove a stopped container.";
  static override examples = [
    { description: "Remove a container that has stopped", command: "runhcs delete web" },
    { description: "Kill it first if it runs", command: "runhcs delete --force web" },
  ];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
  };
  static override flags = {
    force: Flags.boolean({
      char: "f",
      description: "kill a running container; accept one that does not exist",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Delete);
    await deleteContainer(await this.openRuntime(flags), args.id, flags.force);
  }
}
