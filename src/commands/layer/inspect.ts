import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { nestedRows } from "../../cli/nested-rows.ts";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { tableLines } from "../../cli/table.ts";
import { inspectLayer } from "../../layers/inspect-layer.ts";
import { withDisk } from "../../layers/open-disk-file.ts";

export default class LayerInspect extends RuntimeCommand {
  static override summary = "Tell what a disk image is, and what file system it holds.";
  static override examples = ["runhcs layer inspect layer.vhd", "runhcs layer inspect --json sandbox.vhdx"];
  static override args = {
    file: Args.string({ required: true, ignoreStdin: true, description: "VHD, VHDX or raw image" }),
  };
  static override flags = { json: Flags.boolean({ description: "print JSON" }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LayerInspect);
    const found = withDisk(args.file, ({ format, fileSize, source }) => ({
      format,
      fileSize,
      ...inspectLayer(source),
    }));
    if (flags.json) this.printJson(found);
    else
      for (const line of tableLines(nestedRows({ ...found, fileSystem: found.fileSystem ?? "none" })))
        this.print(line);
  }
}
