/**
 * "A machine on which Linux containers run": the host, or a utility VM.
 *
 * Everything of the embedded compute service that touches files or starts programs does it through this
 * interface, so that it is written once.
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

/** A machine on which Linux containers run. */
export interface Machine {
  start(program: Program): Promise<RunningProgram>;
  /** @returns undefined if there is no such process */
  lookAtProcess(pid: number): ProcessLook | undefined;
  /** Sends a signal. @returns false if there is no such process */
  signal(pid: number, signal: number): boolean;
  /** Runs a program that only prints. @returns its exit code and everything it wrote, -1 if it cannot start */
  capture(path: string, args: readonly string[]): Promise<{ code: number; output: string }>;
  /** Opens a kernel event counter; the caller closes it. */
  openEventFd(): number;
  /**
   * Sets the size of the terminal that is a process's standard input.
   *
   * @returns false if that is no terminal
   */
  resizeTerminal(pid: number, columns: number, rows: number): boolean;
  /** @returns undefined if the file does not exist */
  readText(path: string): string | undefined;
  /** Writes a whole file, mode 0600. */
  writeText(path: string, text: string): void;
  exists(path: string): boolean;
  /** Makes a folder and its parents, mode 0700. @returns false if the last part existed */
  makeFolder(path: string): boolean;
  /** Removes a file or a whole folder; an absent one is no error. */
  remove(path: string): void;
  /** Names in a folder; none if it does not exist. */
  list(path: string): string[];
}
