import * as Flags from "@oclif/core/flags";
import type { Attachment, InitAttachment } from "../hcs/compute-service.ts";
import type { VmRequest } from "../runtime/container-plan.ts";

/** Flags that every command takes, before or behind its name. */
export const globalFlags = {
  root: Flags.string({ description: "folder of the containers' state (Windows: name of a registry key)" }),
  log: Flags.string({ description: "file, or named pipe of Windows, that gets one record of a failure" }),
  "log-format": Flags.string({ description: "format of --log: text or json", default: "text" }),
  debug: Flags.boolean({ description: "show the time that each phase took" }),
  owner: Flags.string({ description: "owner named in the containers' state (Linux: root, Windows: runhcs)" }),
  "systemd-cgroup": Flags.boolean({ description: "let systemd manage the control groups" }),
  rootless: Flags.string({
    description: "ignore failures to set control groups: true, false or auto",
    default: "auto",
  }),
  criu: Flags.string({ description: "accepted and ignored", hidden: true }),
  isolation: Flags.string({
    description: "process or hypervisor; the bundle decides if absent",
    env: "RUNHCS_ISOLATION",
  }),
  executor: Flags.string({
    description: "name or absolute path of the OCI executor; the host decides if absent",
    env: "RUNHCS_EXECUTOR",
  }),
  help: Flags.boolean({ description: "show the command's help", char: "h" }),
};

/** Flags of every command that makes a container. */
export const bundleFlags = {
  bundle: Flags.string({ char: "b", description: "folder of the bundle", default: "." }),
  "console-socket": Flags.string({ description: "unix socket that receives the terminal" }),
  "pid-file": Flags.string({ description: "file that receives the process id of the container" }),
  "no-pivot": Flags.boolean({ description: "do not use pivot_root (for a root on a ramdisk)" }),
  "no-new-keyring": Flags.boolean({ description: "keep the caller's session keyring" }),
  "preserve-fds": Flags.integer({
    description: "further descriptors, from 3, that the container inherits",
    default: 0,
    min: 0,
  }),
  "pidfd-socket": Flags.string({ description: "refused: no executor here can send a pidfd", hidden: true }),
  "shim-log": Flags.string({ description: "Windows only: log of the container's shim", hidden: true }),
  "vm-log": Flags.string({ description: "hypervisor isolation only: log of the VM's shim", hidden: true }),
  "vm-console": Flags.string({ description: "hypervisor isolation only: console of the VM", hidden: true }),
  host: Flags.string({
    description: "hypervisor isolation only: container in whose VM to run",
    hidden: true,
  }),
  "scale-cpu-limits-to-sandbox": Flags.boolean({
    description: "hypervisor isolation only: turn a share of the host's processors into one of the VM's",
    hidden: true,
  }),
};

/** What flags say of how a process is connected to the caller. */
export function processAttachment(flags: AttachmentFlags, detached: boolean): Attachment {
  const socket = flags["console-socket"];
  const pidFile = flags["pid-file"];
  const shimLog = flags["shim-log"];
  return {
    ...(socket === undefined ? {} : { consoleSocket: socket }),
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(shimLog === undefined ? {} : { shimLog }),
    preserveFds: flags["preserve-fds"],
    detached,
  };
}

/** The same for the first process of a container. */
export function initAttachment(flags: InitAttachmentFlags, detached: boolean): InitAttachment {
  return {
    ...processAttachment(flags, detached),
    noPivot: flags["no-pivot"],
    noNewKeyring: flags["no-new-keyring"],
  };
}

/** What flags say of the VM around a container. */
export function vmRequest(flags: VmFlags): { vm?: VmRequest } {
  const { host, "vm-log": log, "vm-console": console } = flags;
  const scaleCpuLimits = flags["scale-cpu-limits-to-sandbox"] || undefined;
  const entries = Object.entries({ host, log, console, scaleCpuLimits }).filter(
    ([, value]) => value !== undefined,
  );
  return entries.length === 0 ? {} : { vm: Object.fromEntries(entries) as VmRequest };
}

/** Parsed values of the flags that say something of the VM around a container. */
export interface VmFlags {
  host?: string | undefined;
  "vm-log"?: string | undefined;
  "vm-console"?: string | undefined;
  "scale-cpu-limits-to-sandbox": boolean;
}

/** Parsed values of the flags that make an attachment. */
export interface AttachmentFlags {
  "console-socket"?: string | undefined;
  "pid-file"?: string | undefined;
  "shim-log"?: string | undefined;
  "preserve-fds": number;
}

/** Parsed values of the flags that make the attachment of a first process. */
export interface InitAttachmentFlags extends AttachmentFlags {
  "no-pivot": boolean;
  "no-new-keyring": boolean;
}
