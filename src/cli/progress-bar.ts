import { showSize } from "./byte-size.ts";
import { isTerminal, writeText } from "./print.ts";

const WIDTH = 30;
const INTERVAL_MS = 100;
/** Goes back to the start of the line and clears it. */
const CLEAR = "\r\u001b[K";

/** Shows on standard error how far long work has come, if that is a terminal. */
export class ProgressBar {
  readonly #title: string;
  readonly #begin = performance.now();
  /** When it was shown last; the first time comes at once, for a slow input may bring nothing for long. */
  #last = -INTERVAL_MS;
  #isShown = false;

  private constructor(title: string) {
    this.#title = title;
  }

  /** Makes a bar; undefined where nobody would see it. */
  static async open(title: string): Promise<ProgressBar | undefined> {
    return (await isTerminal(2)) ? new ProgressBar(title) : undefined;
  }

  /** Shows `done` bytes of `total`, at most ten times a second. */
  update(done: number, total: number | undefined): void {
    const now = performance.now();
    if (now - this.#last < INTERVAL_MS) return;
    this.#last = now;
    this.#isShown = true;
    writeText(2, `${CLEAR}${this.#title} ${progressText(done, total, now - this.#begin)}`);
  }

  /** Takes the bar away. */
  close(): void {
    if (this.#isShown) writeText(2, CLEAR);
  }
}

/** Says how much is done, how fast it goes, and how long the rest will take. */
export function progressText(done: number, total: number | undefined, elapsedMs: number): string {
  const rate = done / Math.max(elapsedMs / 1000, 0.001);
  if (total === undefined || total <= 0) return `${showSize(done)}, ${showSize(rate)}/s`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * WIDTH);
  const bar = `[${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}]`;
  const left = rate > 0 ? Math.ceil((total - done) / rate) : 0;
  const percent = Math.floor(share * 100);
  return `${bar} ${percent}% ${showSize(done)} of ${showSize(total)}, ${showSize(rate)}/s, ${showSeconds(left)} left`;
}

function showSeconds(seconds: number): string {
  const rest = Math.max(0, seconds);
  return rest < 60 ? `${rest} s` : `${Math.floor(rest / 60)} min ${rest % 60} s`;
}
