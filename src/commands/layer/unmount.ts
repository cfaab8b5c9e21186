import * as Args from "@oclif/core/args";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { unmountLayers } from "../../runtime/unmount-layers.ts";

export default class LayerUnmount extends RuntimeCommand {
  static override summary = "Unmount what layer mount has mounted.";
  static override examples = [
    { description: "Unmount by the scratch", command: "runhcs layer unmount /srv/scratch" },
    { description: "Unmount by the folder where it is seen", command: "runhcs layer unmount /mnt" },
  ];
  static override args = {
    path: Args.string({
      required: true,
      ignoreStdin: true,
      description: "folder of the scratch, or where it is mounted",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LayerUnmount);
    await unmountLayers(await this.openRuntime(flags), args.path);
  }
}
