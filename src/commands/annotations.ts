import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { knownAnnotations, type KnownAnnotation } from "../runtime/known-annotations.ts";

export default class Annotations extends RuntimeCommand {
  static override summary = "List the annotations of bundles that are known, and what each does.";
  static override description =
    "An annotation that is not served is known from other runtimes and changes nothing; on Windows that is told. With one that is refused no container is created there.";
  static override examples = ["runhcs annotations", "runhcs annotations --json"];
  static override flags = { json: Flags.boolean({ description: "print JSON for programs" }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(Annotations);
    const annotations = knownAnnotations();
    if (flags.json) return this.printJson(annotations);
    const rows = annotations.map((annotation) => [
      annotation.name,
      annotation.type,
      annotation.default === "" ? "-" : annotation.default,
      effectOf(annotation),
    ]);
    await this.printTable(["NAME", "TYPE", "DEFAULT", "EFFECT"], rows);
  }
}

function effectOf({ effect, served, refusal }: KnownAnnotation): string {
  if (served) return effect;
  return `${refusal === undefined ? "not served" : "refused"}: ${effect}`;
}
