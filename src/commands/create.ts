import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { refuseUnservedFlags } from "../cli/bundle-command.ts";
import { bundleFlags, initAttachment, vmRequest } from "../cli/flags.ts";
import { requestedIsolation } from "../cli/open-runtime.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { createContainer } from "../runtime/create-container.ts";

export default class Create extends RuntimeCommand {
  static override summary = "Create a container from a bundle; its program waits for start.";
  static override examples = [
    {
      description: "Create a container from the bundle in /srv/web",
      command: "runhcs create --bundle /srv/web web",
    },
  ];
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the new container" }),
  };
  static override flags = {
    ...bundleFlags,
    detach: Flags.boolean({ char: "d", hidden: true, description: "accepted: create always detaches" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Create);
    refuseUnservedFlags(flags);
    const runtime = await this.openRuntime(flags);
    await createContainer(runtime, {
      id: args.id,
      bundle: flags.bundle,
      ...requestedIsolation(flags.isolation),
      ...vmRequest(flags),
      attachment: initAttachment(flags, true),
    });
  }
}
