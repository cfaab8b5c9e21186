import * as Args from "@oclif/core/args";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { pauseContainer } from "../runtime/pause-container.ts";

export default class Pause extends RuntimeCommand {
  static override summary = "Suspend all processes of a container.";
  static override examples = ["runhcs pause web"];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Pause);
    await pauseContainer(await this.openRuntime(flags), args.id);
  }
}
