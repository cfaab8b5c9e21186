import { RuntimeError } from "../base/errors.ts";
import type { Task } from "../layers/task.ts";
import { writeText } from "./print.ts";
import { ProgressBar } from "./progress-bar.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does long work with a bar on a terminal, its warnings on standard error, and a clean end on a signal.
 *
 * @param title of the bar: what is done
 */
export async function withTask<T>(title: string, work: (task: Required<Task>) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const bar = await ProgressBar.open(title);
  const stop = (signal: NodeJS.Signals): void => abort.abort(new InterruptedError(title, signal));
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await work({
      onProgress: (done, total) => bar?.update(done, total),
      onWarning: (message) => {
        bar?.close();
        writeText(2, `warning: ${message}\n`);
      },
      signal: abort.signal,
    });
  } finally {
    bar?.close();
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** Somebody has stopped the work; no file is left of it. */
class InterruptedError extends RuntimeError {
  constructor(title: string, signal: string) {
    super("INTERRUPTED", `${title} was stopped by ${signal}`);
  }
}
