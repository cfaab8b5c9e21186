import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { removeLayer } from "../../runtime/remove-layer.ts";

export default class LayerRemove extends RuntimeCommand {
  static override summary = "Remove a layer or a scratch with its folder.";
  static override examples = [
    {
      description: "Remove a scratch and what a container has written",
      command: "runhcs layer remove /srv/scratch",
    },
  ];
  static override args = {
    path: Args.string({ required: true, ignoreStdin: true, description: "folder of the layer" }),
  };
  static override flags = {
    force: Flags.boolean({
      char: "f",
      description: "remove also files that are not part of a layer; none to remove is no failure",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LayerRemove);
    await removeLayer(await this.openRuntime(flags), args.path, flags.force);
  }
}
