import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { collectGarbage } from "../runtime/collect-garbage.ts";

export default class Gc extends RuntimeCommand {
  static override summary = "Remove what killed runtimes have left behind in this state folder.";
  static override description = "A stopped container that waits for its delete is kept.";
  static override examples = [
    { description: "See what would be removed", command: "runhcs gc --dry-run" },
    {
      description: "Clean an engine's state folder",
      command: "runhcs --root /run/engine/state gc",
    },
  ];
  static override flags = {
    "dry-run": Flags.boolean({ description: "only tell" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Gc);
    const found = await collectGarbage(await this.openRuntime(flags), flags["dry-run"]);
    for (const line of found) this.print(`${flags["dry-run"] ? "would remove" : "removed"}: ${line}`);
  }
}
