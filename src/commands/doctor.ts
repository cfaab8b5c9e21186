import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../cli/runtime-command.ts";

export default class Doctor extends RuntimeCommand {
  static override summary = "Tell what this host can and cannot do, and what would help.";
  static override description = "The exit code is 1 when no container can run.";
  static override examples = ["runhcs doctor", "runhcs doctor --json"];
  static override flags = { json: Flags.boolean({ description: "print JSON for programs" }) };

  async run(): Promise<number> {
    const { flags } = await this.parse(Doctor);
    const { compute } = await this.openRuntime(flags);
    const diagnoses = await compute.diagnose();
    const rows = diagnoses.map(({ verdict, subject, found, remedy }) => [
      verdict,
      subject,
      found,
      remedy ?? "",
    ]);
    if (flags.json) this.printJson(diagnoses);
    else await this.printTable(["VERDICT", "SUBJECT", "FOUND", "WHAT HELPS"], rows);
    return diagnoses.some(({ verdict }) => verdict === "fail") ? 1 : 0;
  }
}
