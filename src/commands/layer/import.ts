import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { sizeFlag } from "../../cli/byte-size.ts";
import { imageFlags, imageOptions } from "../../cli/image-flags.ts";
import { withTask } from "../../cli/long-task.ts";
import { RuntimeCommand } from "../../cli/runtime-command.ts";
import { importLayer, type ImportResult } from "../../layers/import-layer.ts";

export default class LayerImport extends RuntimeCommand {
  static override summary = "Make a layer's disk image of a tar.";
  static override description =
    "The image is an ext4 file system in a fixed VHD, which LCOW and this program mount. Needs no privileges.";
  static override examples = [
    {
      description: "Import a layer as an engine keeps it",
      command: "runhcs layer import layer.tar.gz layer.vhd",
    },
    {
      description: "Import what another program writes",
      command: "podman export web | runhcs layer import - web.vhd",
    },
  ];
  static override args = {
    input: Args.string({
      required: true,
      ignoreStdin: true,
      description: "tar, plain or compressed; - for stdin",
    }),
    destination: Args.string({ required: true, ignoreStdin: true, description: "the new .vhd" }),
  };
  static override flags = {
    ...imageFlags,
    type: Flags.string({ description: "kind of the layer", options: ["lcow"], default: "lcow" }),
    force: Flags.boolean({ description: "replace an existing file" }),
    json: Flags.boolean({ description: "print the result as JSON" }),
    digest: Flags.boolean({ description: "compute the SHA-256 of the tar, compressed and not" }),
    verity: Flags.boolean({ description: "append a dm-verity tree and print its root hash" }),
    "max-size": Flags.string({ description: "refuse a tar that is larger when uncompressed" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LayerImport);
    this.phases.mark("parse");
    const maximumSize = sizeFlag("--max-size", flags["max-size"]);
    const result = await withTask(`Import of "${args.input}"`, (task) =>
      importLayer({
        ...task,
        input: args.input,
        destination: { path: args.destination, force: flags.force },
        image: imageOptions(flags),
        digest: flags.digest,
        verity: flags.verity,
        ...(maximumSize === undefined ? {} : { maximumSize }),
      }),
    );
    this.phases.mark("import");
    if (flags.json) this.printJson(result);
    else for (const line of askedLines(result)) this.print(line);
  }
}

/** What a flag has asked for; everything else of the result is in its JSON form only. */
function askedLines({ diffId, digest, rootHash }: ImportResult): string[] {
  return Object.entries({ diffId, digest, rootHash }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
}
