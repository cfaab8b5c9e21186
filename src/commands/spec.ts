import * as Flags from "@oclif/core/flags";
import { UsageError } from "../base/errors.ts";
import { defaultOwner, requireOneOf } from "../cli/open-runtime.ts";
import { hostOs } from "../hcs/open.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { writeDefaultSpec } from "../runtime/write-spec.ts";

export default class Spec extends RuntimeCommand {
  static override summary =
    "Write a configuration to start from, or show the document that a bundle becomes.";
  static override description =
    "The document of a bundle for Windows is shown on any host; what only its own host knows has a stand-in.";
  static override examples = [
    { description: "Make config.json in the current folder", command: "runhcs spec" },
    {
      description: "Show what the compute service would get",
      command: "runhcs spec --document --bundle /srv/web",
    },
    {
      description: "Show the utility VM that a bundle would run in, on Windows Server 2022",
      command: "runhcs spec --document --vm --os-build 20348 --bundle /srv/web",
    },
  ];
  static override flags = {
    bundle: Flags.string({ char: "b", description: "folder of the bundle", default: "." }),
    document: Flags.boolean({ description: "print the compute system document of an existing bundle" }),
    vm: Flags.boolean({ description: "with --document: that of the container's utility VM" }),
    schema: Flags.string({ description: "with --document: version of the schema, 1.0 or 2.1" }),
    "os-build": Flags.integer({
      description: "with --document: build number of Windows (default this host's, else 17763, version 1809)",
      min: 14393,
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Spec);
    const { bundle, document: isDocument, vm, schema, "os-build": osBuild } = flags;
    if (!isDocument) {
      refuseWithoutDocument({ vm: vm || undefined, schema, "os-build": osBuild });
      return writeDefaultSpec(bundle, { rootless: flags.rootless === "true", os: hostOs() });
    }
    if (schema !== undefined) requireOneOf("schema", schema, ["1.0", "2.1"]);
    const { bundleDocument } = await import("../runtime/bundle-document.ts");
    const schemaVersion = schema === "1.0" ? { Major: 1, Minor: 0 } : { Major: 2, Minor: 1 };
    const windows = hostOs() === "windows" ? (await this.openRuntime(flags)).windows : undefined;
    const { document, notes } = await bundleDocument({
      bundle,
      // Documents that name an owner are those for Windows.
      owner: flags.owner ?? defaultOwner("windows"),
      ofVm: vm,
      ...(windows === undefined ? {} : { windows }),
      ...(schema === undefined ? {} : { schemaVersion }),
      ...(osBuild === undefined ? {} : { osBuild }),
    });
    for (const note of notes) this.warnOf(note);
    this.printJson(document);
  }
}

function refuseWithoutDocument(flags: Readonly<Record<string, unknown>>): void {
  const [name] = Object.entries(flags).find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined) throw new UsageError(`Cannot use --${name} without --document`);
}
