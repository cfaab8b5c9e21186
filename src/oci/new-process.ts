import { UsageError } from "../base/errors.ts";
import type { OciProcess } from "../schema/oci.ts";
import { envVars } from "./env-vars.ts";
import { loadProcess } from "./process-file.ts";

/** How exec's flags describe a process, by their names on the command line. */
export interface ProcessFlags {
  /** File with the whole process; then only `tty` counts beside it. */
  process?: string | undefined;
  args: readonly string[];
  cwd?: string | undefined;
  env?: readonly string[] | undefined;
  tty?: boolean;
  /** `UID` or `UID:GID`. */
  user?: string | undefined;
  /** Whether the host is Windows: then `user` may be a name, and a working folder may have a drive. */
  isOnWindows?: boolean;
  "additional-gids"?: readonly string[] | undefined;
  cap?: readonly string[] | undefined;
  "no-new-privs"?: boolean;
  "process-label"?: string | undefined;
  apparmor?: string | undefined;
}

/**
 * Makes the process that exec starts: the one in a file, or the container's own with the flags' changes.
 *
 * @param containers gives the container's own process
 * @throws {UsageError | BundleError} also for a variable without a name or an equals sign
 */
export function newProcess(flags: ProcessFlags, containers: () => OciProcess): OciProcess {
  if (flags.process !== undefined) {
    const process = loadProcess(flags.process, flags.isOnWindows);
    return flags.tty === true ? { ...process, terminal: true } : process;
  }
  if (flags.args.length === 0) {
    throw new UsageError("Cannot exec: exec args cannot be empty", {
      hint: "Name a program behind the container's id, or give --process",
    });
  }
  const base = containers();
  // A command line of Windows would count instead of the words.
  const { commandLine: _, ...others } = base;
  return {
    ...others,
    ...textChanges(flags),
    ...userChanges(flags, base),
    args: [...flags.args],
    terminal: flags.tty === true,
  };
}

function textChanges(flags: ProcessFlags): Partial<OciProcess> {
  return {
    ...(flags.cwd === undefined ? {} : { cwd: flags.cwd }),
    ...(flags["no-new-privs"] === true ? { noNewPrivileges: true } : {}),
    ...(flags["process-label"] === undefined ? {} : { selinuxLabel: flags["process-label"] }),
    ...(flags.apparmor === undefined ? {} : { apparmorProfile: flags.apparmor }),
  };
}

function userChanges(flags: ProcessFlags, base: OciProcess): Partial<OciProcess> {
  const { env = [], cap = [] } = flags;
  envVars(env);
  const gids = (flags["additional-gids"] ?? []).map((gid) => requireNumber("--additional-gids", gid));
  const user = { ...base.user, ...parseUser(flags) };
  return {
    env: [...(base.env ?? []), ...env],
    user: gids.length === 0 ? user : { ...user, additionalGids: [...(user.additionalGids ?? []), ...gids] },
    ...(cap.length === 0 ? {} : { capabilities: withCapabilities(base.capabilities, cap) }),
  };
}

function parseUser({ user: text, isOnWindows }: ProcessFlags): OciProcess["user"] {
  if (text === undefined) return {};
  if (isOnWindows === true && !/^\d+(:\d+)?$/.test(text)) return { username: text };
  const [uid = "", gid] = text.split(":");
  return {
    uid: requireNumber("--user", uid),
    ...(gid === undefined ? {} : { gid: requireNumber("--user", gid) }),
  };
}

/** The kernel keeps 2^32 - 1 for "no id". */
const LARGEST_ID = 2 ** 32 - 1;

function requireNumber(flag: string, text: string): number {
  if (/^\d+$/.test(text) && Number(text) < LARGEST_ID) return Number(text);
  throw new UsageError(
    `Cannot use ${flag} "${text}": a number below ${LARGEST_ID} is needed, names are not looked up in the container`,
  );
}

type Capabilities = NonNullable<OciProcess["capabilities"]>;

/** Adds capabilities to every set that makes a program have them, as runc does. */
function withCapabilities(base: Capabilities = {}, added: readonly string[]): Capabilities {
  const join = (set: readonly string[] = []): string[] => [...new Set([...set, ...added])];
  return {
    ...base,
    bounding: join(base.bounding),
    effective: join(base.effective),
    permitted: join(base.permitted),
    ambient: join(base.ambient),
  };
}
