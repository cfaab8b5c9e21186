/** The entry: the table of commands, each loaded only when it is called. */
import type { CommandTable } from "./cli/command-table.ts";
import { dispatch } from "./cli/dispatch.ts";

const commands: CommandTable = {
  create: () => import("./commands/create.ts"),
  start: () => import("./commands/start.ts"),
  run: () => import("./commands/run.ts"),
  exec: () => import("./commands/exec.ts"),
  kill: () => import("./commands/kill.ts"),
  delete: () => import("./commands/delete.ts"),
  state: () => import("./commands/state.ts"),
  list: () => import("./commands/list.ts"),
  ps: () => import("./commands/ps.ts"),
  pause: () => import("./commands/pause.ts"),
  resume: () => import("./commands/resume.ts"),
  update: () => import("./commands/update.ts"),
  events: () => import("./commands/events.ts"),
  features: () => import("./commands/features.ts"),
  spec: () => import("./commands/spec.ts"),
  annotations: () => import("./commands/annotations.ts"),
  "resize-tty": () => import("./commands/resize-tty.ts"),
  checkpoint: () => import("./commands/checkpoint.ts"),
  restore: () => import("./commands/restore.ts"),
  doctor: () => import("./commands/doctor.ts"),
  gc: () => import("./commands/gc.ts"),
  "create-scratch": () => import("./commands/create-scratch.ts"),
  "layer import": () => import("./commands/layer/import.ts"),
  "layer export": () => import("./commands/layer/export.ts"),
  "layer inspect": () => import("./commands/layer/inspect.ts"),
  "layer verify": () => import("./commands/layer/verify.ts"),
  "layer ls": () => import("./commands/layer/ls.ts"),
  "layer cat": () => import("./commands/layer/cat.ts"),
  "layer expand": () => import("./commands/layer/expand.ts"),
  "layer create": () => import("./commands/layer/create.ts"),
  "layer mount": () => import("./commands/layer/mount.ts"),
  "layer unmount": () => import("./commands/layer/unmount.ts"),
  "layer remove": () => import("./commands/layer/remove.ts"),
  completion: () => import("./commands/completion.ts"),
  shim: () => import("./commands/shim.ts"),
  vmshim: () => import("./commands/vmshim.ts"),
};

void dispatch(process.argv.slice(2), commands).then((code) => process.exit(code));
