import * as Flags from "@oclif/core/flags";
import { UsageError } from "../base/errors.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { uuidFlag } from "../cli/uuid-flag.ts";
import { createScratch } from "../layers/create-scratch.ts";

export default class CreateScratch extends RuntimeCommand {
  static override summary = "Make the writable disk of a Linux container.";
  static override description =
    "The disk is a dynamic VHDX with an empty ext4 file system: it takes little room and grows as it is written to.";
  static override examples = [
    {
      description: "Make a scratch of 20 GB",
      command: "runhcs create-scratch --destpath /srv/web/sandbox.vhdx",
    },
    {
      description: "Copy a scratch that is made once",
      command: "runhcs create-scratch --destpath sandbox.vhdx --cache-path /srv/cache/20gb.vhdx",
    },
  ];
  static override flags = {
    destpath: Flags.string({ description: "the new .vhdx; required" }),
    sizeGB: Flags.integer({ description: "size in GiB; 0 means 20", default: 0, min: 0 }),
    "cache-path": Flags.string({
      description: "scratch of the default size to copy; made if it does not exist",
    }),
    uuid: Flags.string({ description: "UUID of disk and file system; random if absent" }),
    force: Flags.boolean({ description: "replace an existing file" }),
    json: Flags.boolean({ description: "print what was made as JSON" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(CreateScratch);
    const { destpath, sizeGB, uuid, force } = flags;
    if (destpath === undefined || destpath === "") throw new UsageError("'destpath' is required");
    this.phases.mark("parse");
    const scratch = await createScratch({
      destination: { path: destpath, force },
      sizeGB,
      cachePath: flags["cache-path"],
      ...(uuid === undefined ? {} : { uuid: uuidFlag("--uuid", uuid) }),
    });
    this.phases.mark("write");
    if (flags.json) this.printJson(scratch);
  }
}
