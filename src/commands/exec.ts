import * as Args from "@oclif/core/args";
import { refuseUnservedFlags } from "../cli/bundle-command.ts";
import { execFlags } from "../cli/exec-flags.ts";
import { processAttachment } from "../cli/flags.ts";
import { hostOs } from "../hcs/open.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { execProcess } from "../runtime/exec-process.ts";
import { newProcess } from "../oci/new-process.ts";

export default class Exec extends RuntimeCommand {
  static override summary = "Run a further process in a container.";
  static override description =
    "The exit code is that of the process; 255 if it could not be started. Words behind ID belong to the process.";
  static override examples = [
    { description: "Look around in a container", command: "runhcs exec --tty web sh" },
    {
      description: "Run the process that a file describes",
      command: "runhcs exec --process process.json web",
    },
  ];
  static override operandsEndFlags = true;
  static override failureCode = 255;
  static override strict = false;
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
    command: Args.string({ ignoreStdin: true, description: "the program and its arguments" }),
  };
  static override flags = execFlags;

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Exec);
    refuseUnservedFlags(flags);
    const [, ...words] = this.operands;
    const runtime = await this.openRuntime(flags);
    return execProcess(runtime, {
      id: args.id,
      process: (containers) =>
        newProcess({ ...flags, args: words, isOnWindows: hostOs() === "windows" }, containers),
      attachment: processAttachment(flags, flags.detach),
      cgroups: flags.cgroup ?? [],
      ignorePaused: flags["ignore-paused"],
    });
  }
}
