import * as Args from "@oclif/core/args";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { containerState } from "../runtime/container-state.ts";

export default class State extends RuntimeCommand {
  static override summary = "Print the state of a container as JSON.";
  static override examples = ["runhcs state web"];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(State);
    this.printJson(await containerState(await this.openRuntime(flags), args.id));
  }
}
