import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { refuseUnservedFlags } from "../cli/bundle-command.ts";
import { processAttachment } from "../cli/flags.ts";
import { RuntimeCommand } from "../cli/runtime-command.ts";
import { execProcess } from "../runtime/exec-process.ts";
import { newProcess } from "../oci/new-process.ts";

export default class Exec extends RuntimeCommand {
  static override summary = "Run a further process in a container.";
  static override description =
    "The exit code is that of the process; 255 if it could not be started. Words behind ID belong to the process.";
  static override examples = [
    { description: "Look around in a container", command: "runhcs exec --tty web sh" },
    {
      description: "Run the process that a file describes",
      command: "runhcs exec --process process.json web",
    },
  ];
  static override operandsEndFlags = true;
  static override failureCode = 255;
  static override strict = false;
  static override args = {
    id: Args.string({ required: true, ignoreStdin: true, description: "name of the container" }),
    command: Args.string({ ignoreStdin: true, description: "the program and its arguments" }),
  };
  static override flags = {
    process: Flags.string({ char: "p", description: "file that describes the process" }),
    cwd: Flags.string({ description: "working folder of the process" }),
    env: Flags.string({
      char: "e",
      multiple: true,
      multipleNonGreedy: true,
      description: "NAME=value to add",
    }),
    tty: Flags.boolean({ char: "t", description: "give the process a terminal" }),
    user: Flags.string({ char: "u", description: "UID or UID:GID" }),
    "additional-gids": Flags.string({
      char: "g",
      multiple: true,
      multipleNonGreedy: true,
      description: "further GID",
    }),
    cap: Flags.string({
      char: "c",
      multiple: true,
      multipleNonGreedy: true,
      description: "capability to add",
    }),
    "no-new-privs": Flags.boolean({ description: "let the process gain no privileges" }),
    "process-label": Flags.string({ description: "SELinux label of the process" }),
    apparmor: Flags.string({ description: "AppArmor profile of the process" }),
    cgroup: Flags.string({ multiple: true, multipleNonGreedy: true, description: "sub-cgroup to run in" }),
    "ignore-paused": Flags.boolean({ description: "start the process in a paused container too" }),
    detach: Flags.boolean({ char: "d", description: "return once the process runs" }),
    "console-socket": Flags.string({ description: "unix socket that receives the terminal" }),
    "pid-file": Flags.string({ description: "file that receives the process id" }),
    "preserve-fds": Flags.integer({
      description: "further descriptors, from 3, to inherit",
      default: 0,
      min: 0,
    }),
    "pidfd-socket": Flags.string({ hidden: true, description: "refused: no executor here can send a pidfd" }),
    "shim-log": Flags.string({ hidden: true, description: "Windows only: log of the process's shim" }),
    "no-subreaper": Flags.boolean({ hidden: true, description: "accepted: runhcs never is a subreaper" }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Exec);
    refuseUnservedFlags(flags);
    const [, ...words] = this.operands;
    const runtime = await this.openRuntime(flags);
    return execProcess(runtime, {
      id: args.id,
      process: (containers) => newProcess({ ...flags, args: words }, containers),
      attachment: processAttachment(flags, flags.detach),
      cgroups: flags.cgroup ?? [],
      ignorePaused: flags["ignore-paused"],
    });
  }
}
