/**
 * The C library calls that Node has no interface for, bound with koffi.
 *
 * koffi's addon is opened with `process.dlopen` from the file beside the program, because a bundle and a
 * compiled executable cannot resolve packages; in a checkout it comes from node_modules.
 *
 * FFI: every pointer passed below belongs to the caller and is only read or written during the call. All
 * calls run on the main thread, except `waitpid`, whose asynchronous form blocks one worker thread of libuv.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type koffiModule from "koffi";
import { PlatformError } from "../../base/errors.ts";
import type { MountRequest } from "./machine.ts";

type Koffi = typeof koffiModule;
type IKoffiLib = ReturnType<Koffi["load"]>;

/** Numbers of <sched.h>, <sys/mount.h>, <fcntl.h>, <bits/resource.h> for Linux, the same on all 64-bit architectures. */
export const CLONE_NEWNS = 0x0002_0000;
/** Root, folder and umask of a process. */
const CLONE_FS = 0x200;
const UMOUNT_NOFOLLOW = 8;
const RLIMIT_NOFILE = 7;
const F_SETFD = 2;
const TIOCSWINSZ = 0x5414;
const SYS_OPEN_TREE = 428;
const SYS_MOUNT_SETATTR = 442;
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0o2000000;
const MOUNT_ATTR_RDONLY = 1n;
const LOCK_EX = 2;
const LOCK_NB = 4;
const POSIX_SPAWN_SETSIGDEF = 0x04;

/** Sizes in bytes of glibc's and musl's opaque types, rounded up generously. */
const SPAWN_ATTRIBUTES_SIZE = 512;
const SPAWN_FILE_ACTIONS_SIZE = 256;
const SIGNAL_SET_SIZE = 128;

/** A program to start with `posix_spawn`. */
export interface SpawnRequest {
  path: string;
  /** All words, the program's own name first. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Signals whose handling the child resets to the default. */
  defaultSignals: readonly number[];
  /** Descriptors that the child gets as /dev/null instead of the caller's own. */
  nullFds: readonly number[];
}

/** The calls themselves. Each throws an `Error` that names the call and errno when the kernel refuses. */
export interface Libc {
  unshare(flags: number): void;
  /**
   * Mounts; what is left out is a null pointer.
   *
   * @throws {Error} with the kernel's name of its refusal in `code`
   */
  mount(request: MountRequest): void;
  /** Unmounts, without following a link. @throws {Error} as `mount` */
  unmount(target: string): void;
  /** Calls ioctl with a pointer or a number. @returns its result @throws {Error} as `mount` */
  ioctl(fd: number, request: number, argument: Uint8Array | number): number;
  /** Brings this thread back into a mount namespace, with a root and a working folder that were opened in it. */
  enterNamespace(opened: { namespace: number; root: number; folder: number }): void;
  spawn(request: SpawnRequest): number;
  /** Waits for a child without blocking the event loop. @returns the raw wait status */
  waitpid(pid: number): Promise<number>;
  /** Waits for a child, blocking the whole process. @returns the raw wait status */
  waitpidSync(pid: number): number;
  /** Sets the soft limit of open files of this process and its later children. */
  setOpenFilesSoftLimit(limit: number): void;
  /** Makes a descriptor survive an exec. @returns false if it is not open */
  inheritFd(fd: number): boolean;
  /**
   * Opens a file as the only thing in a read-only mount that nobody else sees.
   *
   * @returns a path that reaches it, in this process and in what it spawns; undefined if the kernel is too old
   */
  readOnlyPath(path: string): string | undefined;
  /** Sets a terminal's size. @returns false if the descriptor is none */
  setTerminalSize(fd: number, columns: number, rows: number): boolean;
  /** Makes an event counter with the close-on-exec flag; the caller closes it. */
  eventFd(): number;
  /** Takes an exclusive lock on an open file. @returns false if another process holds it */
  tryLock(fd: number): boolean;
}

/** Opens the C library. Costs 2-4 ms, so only commands that need it call this. */
export function openLibc(): Libc {
  const koffi = loadKoffi();
  const library = koffi.load(null);
  const errno = (): number => koffi.errno();
  return { ...processCalls(library, errno), ...fileCalls(library, errno), ...mountCalls(library, errno) };
}

function loadKoffi(): Koffi {
  const addon: { exports: unknown } = { exports: {} };
  process.dlopen(addon, koffiPath());
  return addon.exports as Koffi;
}

function koffiPath(): string {
  const here = import.meta.dirname;
  const packaged = join(
    "node_modules",
    "@koromix",
    `koffi-linux-${process.arch}`,
    `linux_${process.arch}`,
    "koffi.node",
  );
  const candidates = [join(dirname(process.execPath), "koffi.node"), join(here, "koffi.node")];
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder))
    candidates.push(join(folder, packaged));
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new PlatformError(
    "PLATFORM_MISSING",
    `Cannot open the C library: koffi.node was not found in "${here}"`,
    {
      hint: "Run npm run build, or install runhcs again",
    },
  );
}

/** The kernel's name of a refusal. Bun needs more than a millisecond to load node:os, which no call needs that succeeds. */
function errnoName(errno: number): string {
  const { constants } = process.getBuiltinModule("node:os");
  const known = Object.entries(constants.errno).find(([, value]) => value === errno);
  return known?.[0] ?? `errno ${errno}`;
}

/** The same as an error of the system, for callers that act on its `code`. */
function systemError(call: string, errno: number): Error {
  const code = errnoName(errno);
  return Object.assign(new Error(`${call}: ${code}`), { code, errno: -errno });
}

function check(call: string, failed: boolean, errno: () => number): void {
  if (failed) throw refused(call, errno());
}

/** A refusal of the kernel, as an error that tells which call it was. */
function refused(call: string, errno: number): PlatformError {
  const hint = errno === 1 || errno === 13 ? { hint: "Run as root, with CAP_SYS_ADMIN" } : {};
  const reason = errnoName(errno);
  return new PlatformError("PLATFORM_UNSUPPORTED", `Cannot call ${call}: the kernel answers ${reason}`, hint);
}

function processCalls(library: IKoffiLib, errno: () => number) {
  const unshare = library.func("int unshare(int)");
  const waitpid = library.func("int waitpid(int, void *, int)");
  const prlimit = library.func("int prlimit(int, int, void *, void *)");
  return {
    unshare: (flags: number) => check("unshare", unshare(flags) !== 0, errno),
    spawn: (request: SpawnRequest) => spawn(library, request),
    waitpid: (pid: number) =>
      new Promise<number>((resolve, reject) => {
        const status = new Int32Array(1);
        waitpid.async(pid, status, 0, (error: Error | null, result: number) => {
          if (error !== null || result !== pid) reject(error ?? new Error(`waitpid(${pid}) failed`));
          else resolve(status[0] ?? 0);
        });
      }),
    waitpidSync: (pid: number) => {
      const status = new Int32Array(1);
      check("waitpid", waitpid(pid, status, 0) !== pid, errno);
      return status[0] ?? 0;
    },
    setOpenFilesSoftLimit: (limit: number) => {
      const pair = new BigUint64Array(2);
      check("prlimit", prlimit(0, RLIMIT_NOFILE, null, pair) !== 0, errno);
      pair[0] = BigInt(limit);
      check("prlimit", prlimit(0, RLIMIT_NOFILE, pair, null) !== 0, errno);
    },
  };
}

function fileCalls(library: IKoffiLib, errno: () => number) {
  const fcntl = library.func("int fcntl(int, int, long)");
  const flock = library.func("int flock(int, int)");
  const ioctl = library.func("int ioctl(int, unsigned long, void *)");
  const eventfd = library.func("int eventfd(unsigned int, int)");
  return {
    inheritFd: (fd: number) => fcntl(fd, F_SETFD, 0) === 0,
    readOnlyPath: (path: string) => readOnlyPath(library, path),
    setTerminalSize: (fd: number, columns: number, rows: number) =>
      ioctl(fd, TIOCSWINSZ, Uint16Array.of(rows, columns, 0, 0)) === 0,
    tryLock: (fd: number) => flock(fd, LOCK_EX | LOCK_NB) === 0,
    eventFd: () => {
      const fd = eventfd(0, O_CLOEXEC);
      check("eventfd", fd < 0, errno);
      return Number(fd);
    },
  };
}

// FFI: the strings are koffi's for the time of a call; an ioctl's structure is only used while it runs.
function mountCalls(library: IKoffiLib, errno: () => number) {
  const mount = library.func(
    "int mount(const char *, const char *, const char *, unsigned long, const char *)",
  );
  const unmount = library.func("int umount2(const char *, int)");
  const ioctls = {
    number: library.func("int ioctl(int, unsigned long, long)"),
    object: library.func("int ioctl(int, unsigned long, void *)"),
  };
  const unshare = library.func("int unshare(int)");
  const [setns, fchdir] = [library.func("int setns(int, int)"), library.func("int fchdir(int)")];
  const chroot = library.func("int chroot(const char *)");
  return {
    mount: ({ source, target, type, flags, data }: MountRequest) => {
      if (mount(source ?? null, target, type ?? null, flags, data ?? null) !== 0)
        throw systemError(`mount on "${target}"`, errno());
    },
    unmount: (target: string) => {
      if (unmount(target, UMOUNT_NOFOLLOW) !== 0) throw systemError(`umount2 of "${target}"`, errno());
    },
    ioctl: (fd: number, request: number, argument: Uint8Array | number) => {
      const call = typeof argument === "number" ? ioctls.number : ioctls.object;
      const result = Number(call(fd, request, argument));
      if (result < 0) throw systemError(`ioctl 0x${request.toString(16)}`, errno());
      return result;
    },
    enterNamespace: ({ namespace, root, folder }: { namespace: number; root: number; folder: number }) => {
      // A thread that was started meanwhile shares root and folder with this one, which the kernel does not let go then.
      check("unshare", unshare(CLONE_FS) !== 0, errno);
      check("setns", setns(namespace, CLONE_NEWNS) !== 0, errno);
      check("chroot", fchdir(root) !== 0 || chroot(".") !== 0 || fchdir(folder) !== 0, errno);
    },
  };
}

// FFI: glibc has wrappers of these two calls only since 2.36; their numbers are the same on all architectures. The
// descriptor lives until this process ends, or until it executes another program.
function readOnlyPath(library: IKoffiLib, path: string): string | undefined {
  const openTree = library.func("long syscall(long, int, const char *, unsigned int)");
  const setAttributes = library.func("long syscall(long, int, const char *, unsigned int, void *, size_t)");
  const fd = Number(openTree(SYS_OPEN_TREE, AT_FDCWD, path, OPEN_TREE_CLONE | O_CLOEXEC));
  if (fd < 0) return undefined;
  // struct mount_attr: attr_set, attr_clr, propagation, userns_fd
  const attributes = BigUint64Array.of(MOUNT_ATTR_RDONLY, 0n, 0n, 0n);
  const failed =
    setAttributes(SYS_MOUNT_SETATTR, fd, "", AT_EMPTY_PATH, attributes, attributes.byteLength) !== 0;
  return failed ? undefined : `/proc/self/fd/${fd}`;
}

/** Starts a program; unlike Node's own spawn this neither opens pipes nor touches the flags of descriptors. */
function spawn(library: IKoffiLib, request: SpawnRequest): number {
  const posixSpawn = library.func(
    "int posix_spawn(void *pid, const char *path, void *actions, void *attributes, const char **argv, const char **env)",
  );
  const pid = new Int32Array(1);
  const env = Object.entries(request.env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const failure = posixSpawn(
    pid,
    request.path,
    fileActions(library, request.nullFds),
    spawnAttributes(library, request.defaultSignals),
    [...request.argv, null],
    [...env, null],
  );
  if (failure !== 0) throw refused(`posix_spawn of "${request.path}"`, Number(failure));
  return pid[0] ?? 0;
}

// FFI: both structures stay in JavaScript buffers. glibc frees nothing of attributes, and of file actions only
// a list that this process leaves to its own end: at most one per command.
function fileActions(library: IKoffiLib, nullFds: readonly number[]): Uint8Array | null {
  if (nullFds.length === 0) return null;
  const actions = new Uint8Array(SPAWN_FILE_ACTIONS_SIZE);
  library.func("int posix_spawn_file_actions_init(void *)")(actions);
  const open = library.func(
    "int posix_spawn_file_actions_addopen(void *, int, const char *, int, unsigned int)",
  );
  for (const fd of nullFds) open(actions, fd, "/dev/null", fd === 0 ? 0 : 1, 0);
  return actions;
}

function spawnAttributes(library: IKoffiLib, defaultSignals: readonly number[]): Uint8Array {
  const attributes = new Uint8Array(SPAWN_ATTRIBUTES_SIZE);
  const signals = new Uint8Array(SIGNAL_SET_SIZE);
  for (const signal of defaultSignals) {
    const index = (signal - 1) >> 3;
    signals[index] = (signals[index] ?? 0) | (1 << ((signal - 1) & 7));
  }
  library.func("int posix_spawnattr_init(void *)")(attributes);
  library.func("int posix_spawnattr_setsigdefault(void *, void *)")(attributes, signals);
  library.func("int posix_spawnattr_setflags(void *, short)")(attributes, POSIX_SPAWN_SETSIGDEF);
  return attributes;
}
