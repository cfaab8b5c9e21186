import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { errnoCode, ToolError } from "../../base/errors.ts";
import { splitEntry } from "../../oci/env-vars.ts";
import { onOneLine, shown } from "../../schema/faults.ts";
import type { OciHook } from "../../schema/oci.ts";

/** Characters of what a hook says about its failure that are kept. */
const LONGEST_WORDS = 4096;
/** Milliseconds in which that arrives once the hook has ended; a process that it has left may hold the pipe. */
const WORDS_GRACE = 1000;
/** Milliseconds; timers take no more. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * Runs a hook on the host and waits for its end. It gets the environment that it names and no other, except for what
 * every program on Windows needs, which Node adds.
 *
 * @param subject names the hook, as in `/hooks/prestart/0 of container "web"`
 * @param state of the container, as JSON, which the hook reads from its standard input
 * @throws {ToolError} if it cannot be started, fails or does not end in time
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md#posix-platform-hooks
 */
export async function runHook(hook: OciHook, state: string, subject: string): Promise<void> {
  let child: ChildProcess | undefined;
  let fault: string | undefined;
  let words: () => Promise<string> = async () => "";
  try {
    child = start(hook);
    words = hear(child);
    fault = await endOf(child, state, hook.timeout);
  } catch (error) {
    fault = startFault(error);
  }
  if (fault !== undefined) throw hookFailure(hook, subject, fault, await words());
  child?.stderr?.destroy();
}

function start({ path, args = [], env = [] }: OciHook): ChildProcess {
  const variables = env.flatMap((entry) => splitEntry(entry) ?? []);
  return spawn(path, args.slice(1), {
    argv0: args[0] ?? path,
    env: Object.fromEntries(variables.map(({ name, value }) => [name, value])),
    stdio: ["pipe", "ignore", "pipe"],
    windowsHide: true,
  });
}

/** Reads what a hook says. @returns what gives the beginning of it, once the hook has ended */
function hear({ stderr }: ChildProcess): () => Promise<string> {
  let text = "";
  stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    if (text.length < LONGEST_WORDS) text += chunk;
  });
  return async () => {
    if (stderr === null || stderr.closed) return text;
    await once(stderr, "close", { signal: AbortSignal.timeout(WORDS_GRACE) }).catch(() => stderr.destroy());
    return text;
  };
}

/** @returns what is wrong with its end */
async function endOf(
  child: ChildProcess,
  state: string,
  seconds: number | undefined,
): Promise<string | undefined> {
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(state);
  let isLate = false;
  const stop = (): void => {
    isLate = true;
    child.kill("SIGKILL");
  };
  const timer =
    seconds === undefined ? undefined : setTimeout(stop, Math.min(seconds * 1000, LONGEST_TIMEOUT));
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    if (isLate) return `has not ended within ${seconds} s`;
    if (code === 0) return undefined;
    return code === null ? `was ended by ${signal}` : `has ended with code ${code >>> 0}`;
  } finally {
    clearTimeout(timer);
    child.stdin?.destroy();
  }
}

const START_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "cannot be executed: permission denied",
  EINVAL: "is no program",
};

function startFault(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return START_FAULTS[errnoCode(error) ?? ""] ?? `cannot be started: ${text}`;
}

function hookFailure({ path }: OciHook, subject: string, fault: string, words: string): ToolError {
  const said = onOneLine(words.trim().replaceAll(/\s*\n\s*/g, "; "));
  const text = `Cannot run hook ${subject}: ${shown(path)} ${fault}${said === "" ? "" : `: ${said}`}`;
  const isScript = /\.(?:bat|cmd|ps1)$/i.test(path);
  const hint = { hint: "Give the interpreter of the script as its path" };
  return new ToolError(text, words, isScript ? hint : {});
}
