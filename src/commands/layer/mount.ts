import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { mountLayers } from "../../runtime/mount-layers.ts";

export default class LayerMount extends RuntimeCommand {
  static override summary = "Mount a scratch over read-only layers, and print where.";
  static override description =
    "Without layers it mounts a read-only layer alone. It stays mounted until layer unmount.";
  static override examples = [
    {
      description: "Mount a scratch over two layers, the top-most named first",
      command: "runhcs layer mount /srv/scratch -l /srv/layers/app -l /srv/layers/base",
    },
    { description: "Look at what is in a layer", command: "runhcs layer mount /srv/layers/app /mnt" },
  ];
  static override args = {
    scratch: Args.string({ required: true, ignoreStdin: true, description: "folder of the scratch" }),
    target: Args.string({ ignoreStdin: true, description: "empty folder at which to show the files too" }),
  };
  static override flags = {
    layer: Flags.string({
      char: "l",
      multiple: true,
      default: [],
      description: "folder of a layer; the top-most first",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LayerMount);
    const runtime = await this.openRuntime(flags);
    this.print(await mountLayers(runtime, args.scratch, args.target, flags.layer));
  }
}
