import { version, commit } from "../cli/version.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";

export default class Features extends RuntimeCommand {
  static override summary = "Print what containers on this host can use, as JSON.";
  static override description =
    "The document that engines ask a runtime for, for this host and its executors.";
  static override examples = ["runhcs features"];

  async run(): Promise<void> {
    const { flags } = await this.parse(Features);
    const { compute } = await this.openRuntime(flags);
    const annotations = { "io.runhcs.version": version(), "io.runhcs.commit": commit() };
    this.printJson({ ...(await compute.features()), annotations });
  }
}
