import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { serveProcess } from "../runtime/serve-process.ts";

const descriptor = (of: string) =>
  Flags.integer({ min: 4, description: `descriptor of the process's ${of}` });

export default class Shim extends RuntimeCommand {
  static override hidden = true;
  static override summary = "Serve one process of a container on Windows, as runhcs itself asks.";
  static override examples = ["runhcs shim --stdin 4 --stdout 5 --stderr 6 web"];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
  };
  static override flags = {
    stdin: descriptor("input"),
    stdout: descriptor("output"),
    stderr: descriptor("error output"),
    exec: Flags.boolean({ description: "run the process that standard input describes" }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Shim);
    const { stdin, stdout, stderr, exec } = flags;
    const runtime = await this.openRuntime(flags);
    return serveProcess(runtime, args.id, exec, { stdin, stdout, stderr });
  }
}
