import * as Flags from "@oclif/core/flags";
import { requireOneOf } from "../cli/open-runtime.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { listContainers } from "../runtime/list-containers.ts";

export default class List extends RuntimeCommand {
  static override summary = "List the containers of this state folder.";
  static override examples = ["runhcs list", "runhcs list --format json", "runhcs list --quiet"];
  static override flags = {
    format: Flags.string({ char: "f", description: "table or json", default: "table" }),
    quiet: Flags.boolean({ char: "q", description: "print ids only" }),
    all: Flags.boolean({ char: "a", description: "also show systems of this host that others own" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(List);
    requireOneOf("format", flags.format, ["table", "json"]);
    const { containers, failures } = await listContainers(await this.openRuntime(flags), flags.all);
    for (const failure of failures) this.warnOf(failure);
    if (flags.quiet) return containers.forEach(({ id }) => this.print(id));
    if (flags.format === "json") return this.printJson(containers);
    const rows = containers.map(({ id, pid, status, bundle, created, owner }) => [
      id,
      String(pid),
      status,
      bundle,
      created,
      owner,
    ]);
    await this.printTable(["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"], rows);
  }
}
