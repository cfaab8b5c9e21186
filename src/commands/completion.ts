import * as Args from "@oclif/core/args";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { completionScript } from "../cli/completion.ts";

export default class Completion extends RuntimeCommand {
  static override summary = "Print a script that completes commands, flags and container ids in a shell.";
  static override examples = [
    { description: "Switch it on in bash", command: "source <(runhcs completion bash)" },
    { description: "Switch it on in fish", command: "runhcs completion fish | source" },
  ];
  static override args = {
    shell: Args.string({ required: true, ignoreStdin: true, description: "bash, zsh or fish" }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    this.print(await completionScript(args.shell, this.commands));
  }
}
