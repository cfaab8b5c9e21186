import { errnoCode } from "./errors.ts";

/**
 * A name for the files of one call: the pid tells whose they are when the call was killed, the clock keeps apart
 * the calls of one process.
 */
export function callName(): string {
  return `${process.pid}.${process.hrtime.bigint()}`;
}

/** Whether the process is there whose pid begins a {@link callName}. @returns true for what is no such name */
export function hasLivingCaller(name: string): boolean {
  // A longer number is no pid, and 0 and less are groups of processes.
  const pid = /^([1-9]\d{0,8})\.\d+$/.exec(name)?.[1];
  if (pid === undefined) return true;
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    return errnoCode(error) !== "ESRCH";
  }
}
