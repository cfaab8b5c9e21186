import { Writable } from "node:stream";
import type { VmSystem } from "../../hcs/vm-system.ts";

/** A command of a VM's guest. */
export interface GuestCommand {
  vm: VmSystem;
  words: readonly string[];
  /** Folder in which it runs; the root of the guest if absent. */
  cwd?: string;
  /** Milliseconds; none if it may take as long as it likes. */
  timeout?: number;
}

/** What came of a command. */
export interface GuestAnswer {
  exitCode: number;
  /** What it wrote, each character a byte, at most the first 4096 and a rest of the last chunk. */
  output: string;
  errors: string;
}

/** Characters that are kept of what a command says. */
const LONGEST_TEXT = 4096;

/**
 * Runs a command in the guest of a VM, beside its containers, to its end.
 *
 * @throws {ComputeError} if it cannot be made
 * @throws {StreamError} if it takes longer than it may; it is killed then
 */
export async function runInGuest({ vm, words, cwd = "", timeout }: GuestCommand): Promise<GuestAnswer> {
  const [stdout, stderr] = [new TextSink(), new TextSink()];
  const { exitCode } = await vm.runProcess({
    process: { cwd, args: [...words] },
    inUtilityVm: true,
    ends: { stdout, stderr },
    ...(timeout === undefined ? {} : { copyTimeout: timeout }),
  });
  return { exitCode, output: stdout.text, errors: stderr.text };
}

/** The same text without line ends and the space around them. */
export function oneLine(text: string): string {
  return text
    .trim()
    .split(/\s*[\r\n]\s*/)
    .join("; ");
}

/** Keeps the beginning of a text. */
class TextSink extends Writable {
  text = "";

  override _write(chunk: Buffer, _: string, done: () => void): void {
    if (this.text.length < LONGEST_TEXT) this.text += chunk.toString("latin1", 0, LONGEST_TEXT);
    done();
  }
}
