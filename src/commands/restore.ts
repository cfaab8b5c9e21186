import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { refuseUnservedFlags } from "../cli/bundle-command.ts";
import { restoreFlags, saveOptions } from "../cli/criu-flags.ts";
import { bundleFlags, initAttachment } from "../cli/flags.ts";
import { requestedIsolation } from "../cli/open-runtime.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { runContainer } from "../runtime/run-container.ts";

export default class Restore extends RuntimeCommand {
  static override summary = "Continue a container that checkpoint has saved.";
  static override description = "Needs criu and an executor that can drive it.";
  static override examples = ["runhcs restore --detach --image-path /var/tmp/web --bundle /srv/web web"];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the new container" }),
  };
  static override flags = {
    ...bundleFlags,
    ...restoreFlags,
    detach: Flags.boolean({ char: "d", description: "return once the container runs" }),
    "no-subreaper": Flags.boolean({ hidden: true, description: "accepted: runhcs never is a subreaper" }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Restore);
    refuseUnservedFlags(flags);
    const container = {
      id: args.id,
      bundle: flags.bundle,
      ...requestedIsolation(flags.isolation),
      attachment: initAttachment(flags, flags.detach),
    };
    return runContainer(await this.openRuntime(flags), container, saveOptions(restoreFlags, flags));
  }
}
