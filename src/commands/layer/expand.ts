import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { GIB } from "../../layers/scratch-size.ts";
import { expandDisk } from "../../runtime/expand-disk.ts";

export default class LayerExpand extends RuntimeCommand {
  static override summary = "Make a disk larger, and the ext4 file system in it.";
  static override description =
    "For VHDX, VHD and raw images that nobody uses. Other file systems than this program's are refused; resize2fs grows those.";
  static override examples = ["runhcs layer expand sandbox.vhdx --sizeGB 100"];
  static override args = {
    file: Args.string({
      required: true,
      ignoreStdin: true,
      description: "the disk, or the folder of a scratch",
    }),
  };
  static override flags = {
    sizeGB: Flags.integer({ required: true, min: 1, description: "new size in GiB" }),
    json: Flags.boolean({ description: "print the sizes as JSON" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LayerExpand);
    const size = flags.sizeGB * GIB;
    const expanded = await expandDisk(await this.openRuntime(flags), args.file, size);
    if (flags.json) this.printJson(expanded ?? { minimumSize: size });
  }
}
