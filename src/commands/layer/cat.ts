import * as Args from "@oclif/core/args";
import { writeToStdout } from "../../cli/print.ts";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { withDisk } from "../../layers/open-disk-file.ts";
import { readLayerFile } from "../../layers/read-layer-file.ts";

export default class LayerCat extends RuntimeCommand {
  static override summary = "Print the contents of a file of a disk image.";
  static override examples = ["runhcs layer cat layer.vhd /etc/os-release"];
  static override args = {
    file: Args.string({ required: true, ignoreStdin: true, description: "VHD, VHDX or raw image" }),
    path: Args.string({ required: true, ignoreStdin: true, description: "file in the image" }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(LayerCat);
    withDisk(args.file, ({ source }) => readLayerFile(source, args.path, writeToStdout));
  }
}
