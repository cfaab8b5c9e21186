import * as Args from "@oclif/core/args";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { ownVm } from "../runtime/own-vm.ts";

export default class VmShim extends RuntimeCommand {
  static override hidden = true;
  static override summary = "Own a utility VM on Windows, as runhcs itself asks.";
  static override examples = ["runhcs vmshim \\\\.\\pipe\\vm"];
  static override args = {
    pipe: Args.string({
      required: true,
      ignoreStdin: true,
      description: "pipe at which requests are answered",
    }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(VmShim);
    return ownVm(await this.openRuntime(flags), args.pipe);
  }
}
