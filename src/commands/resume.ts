import * as Args from "@oclif/core/args";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { resumeContainer } from "../runtime/resume-container.ts";

export default class Resume extends RuntimeCommand {
  static override summary = "Let a paused container go on.";
  static override examples = ["runhcs resume web"];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Resume);
    await resumeContainer(await this.openRuntime(flags), args.id);
  }
}
