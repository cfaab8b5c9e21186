/** Passes the signals that this process gets on to the program it waits for. */
import { readFileSync } from "node:fs";

/** Signals that only ever come from another process. */
const DIRECT: readonly NodeJS.Signals[] = ["SIGTERM", "SIGUSR1", "SIGUSR2"];

/** Signals that a terminal sends to every process in its foreground, so that the program has them already. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT", "SIGHUP"];

/** Starts passing signals on. @returns stops it */
export function passSignals(pid: number): () => void {
  const alreadyDelivered: readonly NodeJS.Signals[] = isInForeground() ? FROM_TERMINAL : [];
  const listeners = [...DIRECT, ...FROM_TERMINAL].map((signal) => {
    const listener = (): void => {
      if (!alreadyDelivered.includes(signal)) send(pid, signal);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return () => listeners.forEach(({ signal, listener }) => process.off(signal, listener));
}

/** Between the program's end and the news of it there is nobody to send to. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    return;
  }
}

/** Whether this process belongs to the foreground of its terminal. @see proc_pid_stat(5), fields pgrp and tpgid */
function isInForeground(): boolean {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[2] === fields[5];
}
