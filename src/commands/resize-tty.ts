import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { UsageError } from "../base/errors.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { resizeConsole } from "../runtime/resize-console.ts";

/** oclif throws a bare error for an argument that is no number, which looks like a bug. */
const cells = {
  required: true,
  ignoreStdin: true,
  min: 1,
  max: 65_535,
  parse: async (text: string): Promise<number> => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= 1 && count <= 65_535) return count;
    throw new UsageError(`Cannot resize a terminal to "${text}": sizes are numbers from 1 to 65535`);
  },
} as const;

export default class ResizeTty extends RuntimeCommand {
  static override summary = "Set the size of a container's terminal.";
  static override examples = ["runhcs resize-tty web 120 40"];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
    width: Args.integer({ ...cells, description: "columns" }),
    height: Args.integer({ ...cells, description: "rows" }),
  };
  static override flags = {
    pid: Flags.integer({
      char: "p",
      min: 1,
      description: "process that exec has added; the first one if absent",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ResizeTty);
    const { id, width: columns, height: rows } = args;
    const runtime = await this.openRuntime(flags);
    await resizeConsole(runtime, {
      id,
      columns,
      rows,
      ...(flags.pid === undefined ? {} : { pid: flags.pid }),
    });
  }
}
