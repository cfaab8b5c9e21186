import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { DEFAULT_SCRATCH_SIZE_GB, GIB } from "../../layers/scratch-size.ts";
import { createLayerScratch } from "../../runtime/create-layer-scratch.ts";

export default class LayerCreate extends RuntimeCommand {
  static override summary = "Make a new scratch for a container over read-only layers.";
  static override examples = [
    {
      description: "Make a scratch over two layers, the top-most named first",
      command: "runhcs layer create /srv/scratch -l /srv/layers/app -l /srv/layers/base",
    },
  ];
  static override args = {
    path: Args.string({ required: true, ignoreStdin: true, description: "folder of the new scratch" }),
  };
  static override flags = {
    layer: Flags.string({
      char: "l",
      required: true,
      multiple: true,
      description: "folder of a layer; the top-most first",
    }),
    sizeGB: Flags.integer({ description: "size in GiB", default: DEFAULT_SCRATCH_SIZE_GB, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LayerCreate);
    const size = flags.sizeGB * GIB;
    await createLayerScratch(await this.openRuntime(flags), args.path, flags.layer, size);
  }
}
