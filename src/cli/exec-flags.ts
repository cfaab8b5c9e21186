import * as Flags from "@oclif/core/flags";

/** Flags of exec. */
export const execFlags = {
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
