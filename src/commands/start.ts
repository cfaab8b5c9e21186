import * as Args from "@oclif/core/args";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { startContainer } from "../runtime/start-container.ts";

export default class Start extends RuntimeCommand {
  static override summary = "Run the program of a created container.";
  static override examples = ["runhcs start web"];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Start);
    await startContainer(await this.openRuntime(flags), args.id);
  }
}
