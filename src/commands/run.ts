import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { refuseUnservedFlags } from "../cli/bundle-command.ts";
import { bundleFlags, initAttachment, vmRequest } from "../cli/flags.ts";
import { requestedIsolation } from "../cli/open-runtime.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { runContainer } from "../runtime/run-container.ts";

export default class Run extends RuntimeCommand {
  static override summary = "Create and start a container; wait for its end unless detached.";
  static override description = "The exit code is that of the container's program.";
  static override examples = [
    { description: "Run the bundle in the current folder", command: "runhcs run web" },
    { description: "Leave it running", command: "runhcs run --detach --bundle /srv/web web" },
  ];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the new container" }),
  };
  static override flags = {
    ...bundleFlags,
    detach: Flags.boolean({ char: "d", description: "return once the container runs" }),
    keep: Flags.boolean({ description: "keep the stopped container until delete" }),
    "no-subreaper": Flags.boolean({ hidden: true, description: "accepted: runhcs never is a subreaper" }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Run);
    refuseUnservedFlags(flags);
    const runtime = await this.openRuntime(flags);
    return runContainer(runtime, {
      id: args.id,
      bundle: flags.bundle,
      ...requestedIsolation(flags.isolation),
      ...vmRequest(flags),
      attachment: initAttachment(flags, flags.detach),
    });
  }
}
