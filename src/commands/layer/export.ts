import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { parseSize } from "../../cli/byte-size.ts";
import { withTask } from "../../cli/long-task.ts";
import { writeToStdout } from "../../cli/print.ts";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { exportImage } from "../../layers/export-image.ts";

export default class LayerExport extends RuntimeCommand {
  static override summary = "Write a layer's disk image as a tar.";
  static override description =
    "Reads VHD, VHDX and raw images of any ext4 file system. Of a scratch it writes what a container has changed.";
  static override examples = [
    { description: "Export a layer", command: "runhcs layer export layer.vhd layer.tar" },
    {
      description: "Export what a container has changed, compressed",
      command: "runhcs layer export sandbox.vhdx - | zstd >changes.tar.zst",
    },
  ];
  static override args = {
    source: Args.string({ required: true, ignoreStdin: true, description: "the disk image" }),
    output: Args.string({ required: true, ignoreStdin: true, description: "the new tar; - for stdout" }),
  };
  static override flags = {
    force: Flags.boolean({ description: "replace an existing file" }),
    json: Flags.boolean({ description: "print what was written as JSON, unless the tar goes to stdout" }),
    folder: Flags.string({
      description: "folder of the image to export; if absent /, and of a scratch its changes",
    }),
    "max-size": Flags.string({ description: "refuse an image whose tar would be larger", default: "1T" }),
    overlay: Flags.boolean({ description: "keep whiteouts in overlayfs form", default: false }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LayerExport);
    this.phases.mark("parse");
    const { source, output } = args;
    const result = await withTask(`Export of "${source}"`, (task) =>
      exportImage({
        ...task,
        source,
        output: output === "-" ? writeToStdout : { path: output, force: flags.force },
        keepOverlay: flags.overlay,
        maximumSize: parseSize("--max-size", flags["max-size"]),
        ...(flags.folder === undefined ? {} : { folder: flags.folder }),
      }),
    );
    this.phases.mark("export");
    if (flags.json && output !== "-") this.printJson(result);
  }
}
