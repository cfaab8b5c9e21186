/** The host as the machine on which containers run. */
import { closeSync, constants, openSync, readFileSync, readSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { errnoCode, UsageError } from "../../base/errors.ts";
import { ifExists } from "../../base/files.ts";
import { enterCgroupView } from "./cgroup-view.ts";
import { openHostFiles } from "./host-files.ts";
import { openHostMounts } from "./host-mounts.ts";
import { openLibc, type Libc } from "./libc.ts";
import { LISTEN_VARIABLES } from "./listen-fds.ts";
import { passSignals } from "./pass-signals.ts";
import type { Machine, MachineFiles, ProcessLook, Program, RunningProgram } from "./machine.ts";

/**
 * Signals that a program must not inherit as ignored: JavaScript engines ignore SIGPIPE and SIGXFSZ, and glibc's
 * posix_spawn ignores its own two, 32 and 33.
 */
const IGNORED_HERE = [13, 25, 32, 33];

/** A program that only prints and takes longer than this is broken. */
const PROBE_TIMEOUT_MS = 5000;

/** Variables that are ours alone and must not reach the programs we start. */
const OWN_VARIABLES = [
  "BUN_JSC_useJIT",
  "RUNHCS_NOFILE",
  "RUNHCS_INHERITED",
  "RUNHCS_EXECUTOR",
  "RUNHCS_ISOLATION",
];

/** Opens the host. @param libc gives the C library, opened at most once and only if a program is started */
export function openHostMachine(libc: () => Libc): Machine {
  const files = openHostFiles();
  return {
    ...files,
    ...openHostMounts(libc),
    lookAtProcess: async (pid) => lookAtProcess(pid),
    signal: async (pid, signal) => signalProcess(pid, signal),
    resizeTerminal: async (pid, columns, rows) => resizeTerminal(libc(), pid, columns, rows),
    findProgram: (name) => findProgram(files, name),
    start: async (program) => startProgram(libc(), program),
    capture,
    openEventFd: () => libc().eventFd(),
  };
}

/** Opens the C library at the first call and gives the same one afterwards. */
export function lazyLibc(): () => Libc {
  let opened: Libc | undefined;
  return () => (opened ??= openLibc());
}

/** Engines call with an empty PATH, so the usual folders are always searched too. */
const USUAL_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

async function findProgram(files: MachineFiles, name: string): Promise<string | undefined> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute), ...USUAL_FOLDERS];
  for (const folder of folders) {
    const path = join(folder, name);
    if (await files.isAllowed(path, "execute")) return path;
  }
  return undefined;
}

function startProgram(libc: Libc, program: Program): RunningProgram {
  const leaveView = program.cgroupView ? enterCgroupView(libc) : () => {};
  try {
    const pid = spawnProgram(libc, program);
    return { pid, wait: () => waitForProgram(libc, pid, program.followed) };
  } finally {
    leaveView();
  }
}

function spawnProgram(libc: Libc, program: Program): number {
  restoreOpenFilesLimit(libc);
  inheritDescriptors(libc, program);
  return libc.spawn({
    path: executablePath(libc, program),
    argv: [program.path, ...program.args],
    env: programEnvironment(),
    defaultSignals: IGNORED_HERE,
    nullFds: program.ownStreams ? [] : [0, 1, 2],
  });
}

/** A script's interpreter would open the path after the descriptor behind it has been closed. */
function executablePath(libc: Libc, { path, readOnly }: Program): string {
  return (readOnly && !isScript(path) ? libc.readOnlyPath(path) : undefined) ?? path;
}

function isScript(path: string): boolean {
  const start = Buffer.alloc(2);
  const fd = openSync(path, constants.O_RDONLY);
  try {
    readSync(fd, start);
  } finally {
    closeSync(fd);
  }
  return start.toString("latin1") === "#!";
}

/** A followed program keeps the event loop alive for its signals; for any other, blocking is cheaper than a thread. */
async function waitForProgram(libc: Libc, pid: number, followed: boolean): Promise<number> {
  if (!followed) return exitCode(libc.waitpidSync(pid));
  const stopPassing = passSignals(pid);
  try {
    return exitCode(await libc.waitpid(pid));
  } finally {
    stopPassing();
  }
}

function exitCode(waitStatus: number): number {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? (waitStatus >> 8) & 0xff : 128 + signal;
}

/** Both engines raise the soft limit at start; containers must get the caller's, which bin/runhcs recorded. */
function restoreOpenFilesLimit(libc: Libc): void {
  const recorded = Number(process.env["RUNHCS_NOFILE"]);
  if (Number.isSafeInteger(recorded) && recorded > 0) libc.setOpenFilesSoftLimit(recorded);
}

/** Node marks 0 to 2 and every inherited descriptor close-on-exec; others leaked by the caller stay so. */
function inheritDescriptors(libc: Libc, program: Program): void {
  const count = program.ownStreams ? 3 + program.preserveFds : 0;
  requireInherited(program.preserveFds);
  for (let fd = 0; fd < count; fd++) libc.inheritFd(fd);
}

/** bin/runhcs counts what the caller has opened; what lies above is this program's own, a lock among others. */
function requireInherited(preserveFds: number): void {
  const inherited = process.env["RUNHCS_INHERITED"];
  if (inherited === undefined || preserveFds <= Number(inherited)) return;
  throw new UsageError(
    `Cannot preserve ${preserveFds} descriptors from 3 on: descriptor ${Number(inherited) + 3} is not open`,
    { hint: "Open it, or lower --preserve-fds (LISTEN_FDS counts too)" },
  );
}

function programEnvironment(): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...process.env };
  for (const name of [...OWN_VARIABLES, ...LISTEN_VARIABLES]) delete env[name];
  return env;
}

function lookAtProcess(pid: number): ProcessLook | undefined {
  const stat = ifExists(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  if (stat === undefined) return undefined;
  // The command name, in parentheses, may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTime: fields[19] ?? "" };
}

function signalProcess(pid: number, signal: number): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (errnoCode(error) === "ESRCH") return false;
    throw error;
  }
}

async function capture(
  path: string,
  args: readonly string[],
  timeout = PROBE_TIMEOUT_MS,
): Promise<{ code: number; output: string }> {
  const { spawnSync } = await import("node:child_process");
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: "utf8", timeout });
  return { code: status ?? -1, output: `${stdout ?? ""}${stderr ?? ""}` };
}

/** Device numbers of pseudo terminals, as <linux/major.h> has them. */
const PTY_MAJORS = { first: 136, last: 143 };

/** A process chooses its standard input, so it is opened only when it certainly is a terminal. */
function resizeTerminal(libc: Libc, pid: number, columns: number, rows: number): boolean {
  const path = `/proc/${pid}/fd/0`;
  // The lower 12 bits of the major number; above them are further bits of the minor one.
  const major = ((ifExists(() => statSync(path))?.rdev ?? 0) >> 8) & 0xfff;
  if (major < PTY_MAJORS.first || major > PTY_MAJORS.last) return false;
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    return libc.setTerminalSize(fd, columns, rows);
  } finally {
    closeSync(fd);
  }
}
