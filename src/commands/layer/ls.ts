import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { fileJson, fileLine, shownName } from "../../cli/file-line.ts";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { listLayer, listLayerTree } from "../../layers/list-layer.ts";
import { withDisk } from "../../layers/open-disk-file.ts";

export default class LayerLs extends RuntimeCommand {
  static override summary = "List files of a disk image.";
  static override examples = [
    {
      description: "List a folder with all that is known of its files",
      command: "runhcs layer ls -l layer.vhd /etc",
    },
    { description: "List everything", command: "runhcs layer ls --recursive layer.vhd" },
  ];
  static override args = {
    file: Args.string({ required: true, ignoreStdin: true, description: "VHD, VHDX or raw image" }),
    path: Args.string({ ignoreStdin: true, default: "/", description: "file or folder in the image" }),
  };
  static override flags = {
    long: Flags.boolean({ char: "l", description: "show type, mode, owner, size and time" }),
    recursive: Flags.boolean({ char: "R", description: "list everything below, too" }),
    json: Flags.boolean({ description: "print one JSON object a line" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LayerLs);
    withDisk(args.file, ({ source }) => {
      const list = flags.recursive ? listLayerTree : listLayer;
      for (const file of list(source, args.path)) {
        if (flags.json) this.printJsonLine(fileJson(file));
        else this.print(flags.long ? fileLine(file) : shownName(file.entry.path));
      }
    });
  }
}
