import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { bundleDocument, writeDefaultSpec } from "../runtime/write-spec.ts";

export default class Spec extends RuntimeCommand {
  static override summary =
    "Write a configuration to start from, or show the document that a bundle becomes.";
  static override examples = [
    { description: "Make config.json in the current folder", command: "runhcs spec" },
    {
      description: "Show what the compute service would get",
      command: "runhcs spec --document --bundle /srv/web",
    },
  ];
  static override flags = {
    bundle: Flags.string({ char: "b", description: "folder of the bundle", default: "." }),
    document: Flags.boolean({ description: "print the compute system document of an existing bundle" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Spec);
    if (flags.document) this.printJson(bundleDocument(flags.bundle));
    else writeDefaultSpec(flags.bundle, { rootless: flags.rootless === "true" });
  }
}
