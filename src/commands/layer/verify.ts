import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { UsageError } from "../../base/errors.ts";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { withDisk } from "../../layers/open-disk-file.ts";
import { verifyLayer } from "../../layers/verify-layer.ts";

export default class LayerVerify extends RuntimeCommand {
  static override summary = "Check every structure of a disk image, and its dm-verity tree.";
  static override description = "Prints a line for each fault; the exit code is 1 if there is one.";
  static override examples = [
    { description: "Check a layer", command: "runhcs layer verify layer.vhd" },
    {
      description: "Check that it is the very one that was trusted",
      command: "runhcs layer verify --root-hash 0b2c...e1 layer.vhd",
    },
  ];
  static override args = {
    file: Args.string({ required: true, ignoreStdin: true, description: "VHD, VHDX or raw image" }),
  };
  static override flags = {
    json: Flags.boolean({ description: "print JSON" }),
    "root-hash": Flags.string({ description: "digest that the root of its dm-verity tree must have" }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(LayerVerify);
    const trusted = rootHashFlag(flags["root-hash"]);
    const verdict = withDisk(args.file, ({ source }) => verifyLayer(source, trusted));
    if (flags.json) this.printJson(verdict);
    else for (const finding of verdict.findings) this.print(finding);
    if (!flags.json && verdict.more > 0) this.print(`and ${verdict.more} more`);
    return verdict.findings.length === 0 ? 0 : 1;
  }
}

function rootHashFlag(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{64}$/i.test(text)) return text;
  throw new UsageError(`Cannot read --root-hash "${text}": a root hash has 64 hexadecimal digits`);
}
