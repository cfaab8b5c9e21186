import * as Args from "@oclif/core/args";
import { checkpointFlags, saveOptions } from "../cli/criu-flags.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { checkpointContainer } from "../runtime/checkpoint-container.ts";

export default class Checkpoint extends RuntimeCommand {
  static override summary = "Save a running container to files and stop it.";
  static override description = "Needs criu and an executor that can drive it.";
  static override examples = ["runhcs checkpoint --image-path /var/tmp/web web"];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
  };
  static override flags = checkpointFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Checkpoint);
    await checkpointContainer(await this.openRuntime(flags), args.id, saveOptions(checkpointFlags, flags));
  }
}
