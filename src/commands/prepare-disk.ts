import * as Flags from "@oclif/core/flags";
import { UsageError } from "../base/errors.ts";
import { withTask } from "../cli/long-task.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { prepareDisk } from "../runtime/prepare-disk.ts";

export default class PrepareDisk extends RuntimeCommand {
  static override summary = "Format a whole disk with ext4, for Linux containers.";
  static override description =
    "Everything on the disk is lost. On Windows it is an offline physical disk, and formatted in a Linux utility VM; " +
    "on Linux it is a block device that nothing uses.";
  static override examples = [
    { description: "On Windows", command: "runhcs prepare-disk --destpath \\\\.\\PHYSICALDRIVE1" },
    { description: "On Linux", command: "runhcs prepare-disk --destpath /dev/sdb" },
  ];
  static override flags = {
    destpath: Flags.string({ description: "the disk; required" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(PrepareDisk);
    const { destpath } = flags;
    if (destpath === undefined || destpath === "") throw new UsageError("'destpath' is required");
    const runtime = await this.openRuntime(flags);
    await withTask(`Formatting of "${destpath}"`, (task) => prepareDisk(runtime, destpath, task));
  }
}
