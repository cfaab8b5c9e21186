/**
 * "A machine on which Linux containers run": the host, or a utility VM.
 *
 * Everything of the embedded compute service that touches the machine's files, processes or programs does it through
 * this interface, so that it is written once. What belongs to the caller stays on the host and outside: its pid file,
 * its environment, its descriptors.
 *
 * Methods answer "absent" with a value. Any other refusal of the kernel is thrown as the system's error, with its
 * name in `code` (EACCES, ENOSPC ...), wherever the kernel is.
 */

/** A program to start on a machine. */
export interface Program {
  /** Absolute path. */
  path: string;
  /** Arguments after the program's name. */
  args: readonly string[];
  /** Whether the program takes over the caller's descriptors 0 to 2; else they are /dev/null. */
  ownStreams: boolean;
  /** Whether the program may run for long: then signals sent to the caller are passed on to it. */
  followed: boolean;
  /**
   * Whether the program is to be executed from a read-only mount of its own. crun, which copies itself or makes
   * such a mount to protect its file from containers, then need not start a second time.
   */
  readOnly: boolean;
  /** How many further descriptors, from 3 upwards, the program inherits. */
  preserveFds: number;
  /** Whether the program must see a cgroup tree without controllers on its v2 part. */
  cgroupView: boolean;
}

/** A program that has been started. */
export interface RunningProgram {
  readonly pid: number;
  /** @returns the exit code; 128+n when signal n killed it */
  wait(): Promise<number>;
}

/** What happened in one look at a process. */
export interface ProcessLook {
  /** Start time in clock ticks since boot, which tells a pid's owner from its successor. */
  startTime: string;
  /** One letter as in /proc/PID/stat: R, S, D, T, Z ... */
  state: string;
}

/** What is seen in one look at a file, without following it if it is a link. */
export interface FileLook {
  type: "file" | "folder" | "link" | "other";
  /** Permissions, among the bits of st_mode. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of a file. */
  size: number;
  /** Where a link leads, as it is written in the link. */
  target?: string;
}

/** What the machine's files can be asked. Paths are absolute. */
export interface MachineFiles {
  /** @returns undefined if the file, or the process or control group that it tells of, does not exist */
  readText(path: string): Promise<string | undefined>;
  /** Writes a whole file; a new one has mode 0600. */
  writeText(path: string, text: string): Promise<void>;
  /** Replaces a whole file, mode 0600, so that readers and crashes see the old or the new text, never a part. */
  replaceText(path: string, text: string): Promise<void>;
  /** Reads `length` bytes from `position`; fewer if the file ends there. */
  readBytes(path: string, position: number, length: number): Promise<Uint8Array>;
  /** Writes a new file of mode 0600, whose `size` may exceed the bytes: the rest is a hole. */
  writeNew(path: string, bytes: Uint8Array, size: number): Promise<void>;
  /** Copies a file, its holes and shared blocks included where the file system can; `target` is a new file. */
  copyFile(source: string, target: string): Promise<void>;
  /** Gives a file another name in the same file system, in place of what had it. */
  rename(path: string, target: string): Promise<void>;
  /** Sets owner, group and permissions. */
  setOwner(path: string, owner: Pick<FileLook, "uid" | "gid" | "mode">): Promise<void>;
  /** The path of a file without links and `..`; undefined if it does not exist. */
  resolvePath(path: string): Promise<string | undefined>;
  exists(path: string): Promise<boolean>;
  /** Whether the compute service may use a file in this way, as access(2) answers. */
  isAllowed(path: string, use: "execute" | "read and write"): Promise<boolean>;
  /** @returns undefined if the file does not exist */
  lookAtFile(path: string): Promise<FileLook | undefined>;
  /** Makes a folder and its parents, mode 0700. @returns false if the last part existed */
  makeFolder(path: string): Promise<boolean>;
  /** Removes a file or a whole folder; an absent one is no error. */
  remove(path: string): Promise<void>;
  /** Removes a folder that has nothing in it, or a control group; an absent one is no error. */
  removeEmptyFolder(path: string): Promise<void>;
  /** Names in a folder; none if it does not exist. */
  list(path: string): Promise<string[]>;
  /** Names of the folders in a folder; none if it does not exist. */
  listFolders(path: string): Promise<string[]>;
}

/** A file system to mount. */
export interface MountRequest {
  /** The device, the folder to bind, or just a name; left out where none is needed. */
  source?: string;
  target: string;
  /** Left out for a bind mount. */
  type?: string;
  /** The `MS_` flags of mount(2). */
  flags: number;
  /** Options of the file system. */
  data?: string;
}

/** Folders to lay over each other. */
export interface OverlayRequest {
  target: string;
  /** The folders that are only read, top-most first. */
  lower: readonly string[];
  /** What takes the changes, with a folder of its file system for overlayfs' own use; read-only without. */
  upper?: { folder: string; work: string };
  /** Further options of overlayfs, separated by commas. */
  options: string;
}

/** A file that is attached to a loop device. */
export interface AttachedFile {
  /** Path of the block device. */
  device: string;
  /**
   * Gives the device up. It stays attached while it is mounted, and is detached by the kernel after that: also if
   * whoever attached it is killed.
   */
  release(): Promise<void>;
}

/** How a file is attached. */
export interface AttachOptions {
  /** A read-only device is shared by all who ask for the same file; a writable one belongs to one alone. */
  readOnly: boolean;
  /** How many bytes from its start are the disk, a multiple of 512; the whole file if absent. */
  size?: number;
}

/** Mounts, loop devices and locks of the machine. Refusals have the kernel's name in `code`. */
export interface MachineMounts {
  mount(request: MountRequest): Promise<void>;
  /** Mounts overlayfs; folder names need no escape, whatever they contain. */
  mountOverlay(request: OverlayRequest): Promise<void>;
  /** Unmounts what lies top-most on a folder; a link is not followed. @returns false if nothing is mounted there */
  unmount(target: string): Promise<boolean>;
  /** Attaches a file to a loop device. It has the code EBUSY if a writable one is attached already. */
  attachFile(path: string, options: AttachOptions): Promise<AttachedFile>;
  /** Whether a file is attached to a loop device. */
  isAttached(path: string): Promise<boolean>;
  /**
   * Makes a file, if need be, and takes its exclusive lock without waiting. The kernel releases it if the holder is
   * killed.
   *
   * @returns what releases it; undefined if another holds it, or has removed the file meanwhile
   */
  lock(path: string): Promise<(() => Promise<void>) | undefined>;
}

/** What the machine's processes can be asked. */
export interface MachineProcesses {
  /** @returns undefined if there is no such process */
  lookAtProcess(pid: number): Promise<ProcessLook | undefined>;
  /** Sends a signal. @returns false if there is no such process */
  signal(pid: number, signal: number): Promise<boolean>;
  /**
   * Sets the size of the terminal that is a process's standard input.
   *
   * @returns false if that is no terminal
   */
  resizeTerminal(pid: number, columns: number, rows: number): Promise<boolean>;
}

/** Programs of the machine. */
export interface MachinePrograms {
  /** Finds a program by its name. @returns its absolute path, undefined if it is not installed */
  findProgram(name: string): Promise<string | undefined>;
  start(program: Program): Promise<RunningProgram>;
  /**
   * Runs a program that only prints, or that turns itself into a daemon.
   *
   * @param timeoutMs after which the program is ended; 5 s if absent
   * @returns its exit code and everything it wrote; -1 if it cannot start or was ended
   */
  capture(
    path: string,
    args: readonly string[],
    timeoutMs?: number,
  ): Promise<{ code: number; output: string }>;
}

/** A machine on which Linux containers run. */
export interface Machine extends MachineFiles, MachineMounts, MachineProcesses, MachinePrograms {
  /**
   * Opens an event counter of the kernel that this very process runs on; the caller closes it. A machine with a
   * kernel of its own has no such method: what would be told by descriptors is then asked again and again.
   */
  openEventFd?(): number;
}
