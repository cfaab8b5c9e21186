// A place on this machine for one file of integration tests: a folder, a state root, and marked containers.
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect } from "vitest";
import type { OciProcess } from "../../src/schema/oci.ts";
import { writeBusyboxRootfs } from "./busybox-image.ts";
import { leftovers } from "./leftovers.ts";
import { configOf, shellProcess, writeBundle, type TestConfig } from "./test-bundle.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** What engines call. */
export const RUNHCS = join(REPOSITORY, "bin/runhcs");

/** The entry for Node. */
export const RUN_JS = join(REPOSITORY, "bin/run.js");

/** How a program ended; `code` is 128 + n after signal n. */
export interface CallResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** How a program is called. */
export interface CallOptions {
  input?: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Further descriptors, from 3 upwards. */
  fds?: number[];
}

/** What a test can use of its place. */
export interface TestHost {
  /** Holds every file of the tests. */
  readonly folder: string;
  /** The state folder. */
  readonly root: string;
  /** The root file system that all bundles share unless told otherwise; containers may write to /out. */
  readonly rootfs: string;
  /** Gives an id that no other container of this machine has. */
  newId(): string;
  /** Gives a path below `folder` that nothing has yet. */
  newPath(): string;
  /** Writes a bundle whose process runs a shell script, or another one. @returns its folder */
  bundle(process: string | OciProcess, change?: (config: TestConfig) => void): string;
  /** Calls runhcs with this state folder. */
  runhcs(words: readonly string[], options?: CallOptions): Promise<CallResult>;
  /** The same, requires that it succeeds in silence, and gives what it prints. */
  ok(...words: string[]): Promise<string>;
  /** Starts runhcs without waiting for its end. */
  start(words: readonly string[], stdio?: StdioOptions): ChildProcess;
  /** Runs a container that lasts until it is killed. @returns its id */
  running(script?: string, change?: (config: TestConfig) => void): Promise<string>;
  /** The answer of `state`. */
  state(id: string): Promise<{ status: string; pid: number; [key: string]: unknown }>;
  /** A file that a container has written; undefined if there is none, or nothing in it yet. */
  readOut(name: string): string | undefined;
}

/** A script that ends at once when it gets SIGTERM. */
export const UNTIL_KILLED = "trap 'exit 0' TERM; while :; do sleep 0.02; done";

/** Opens a place for the tests of one file, and checks in the end that they have left nothing. */
export function useTestHost(name: string): TestHost {
  const folder = mkdtempSync(join(tmpdir(), "runhcs-test-"));
  const root = join(folder, "state");
  const rootfs = join(folder, "rootfs");
  const mark = `${name}-${process.pid}-`;
  let serial = 0;
  const host: TestHost = {
    folder,
    root,
    rootfs,
    newId: () => `${mark}${++serial}`,
    newPath: () => join(folder, `file-${++serial}`),
    bundle: (what, change) => {
      const config = configOf(rootfs, typeof what === "string" ? shellProcess(what) : what);
      change?.(config);
      return writeBundle(host.newPath(), config);
    },
    runhcs: (words, options) => call(RUNHCS, ["--root", root, ...words], folder, options),
    ok: async (...words) => succeeded(await host.runhcs(words), words),
    start: (words, stdio = "pipe") => spawn(RUNHCS, ["--root", root, ...words], { stdio }),
    running: async (script = UNTIL_KILLED, change) => {
      const id = host.newId();
      await host.ok("run", "--detach", "--bundle", host.bundle(script, change), id);
      return id;
    },
    state: async (id) => JSON.parse(await host.ok("state", id)),
    readOut: (file) => readIfExists(join(rootfs, "out", file)) || undefined,
  };
  beforeAll(async () => {
    await writeBusyboxRootfs(rootfs);
    mkdirSync(join(rootfs, "out"));
  });
  afterAll(async () => {
    for (const id of (await host.ok("list", "--quiet")).split("\n").filter(Boolean)) {
      await host.ok("delete", "--force", id);
    }
    const find = (): string[] => leftovers({ mark, folder, root });
    // The kernel takes its time with the last steps of a process.
    for (let poll = 0; poll < 100 && find().length > 0; poll++) await sleep(20);
    expect(find()).toEqual([]);
    rmSync(folder, { recursive: true });
  });
  return host;
}

function succeeded({ code, stdout, stderr }: CallResult, words: readonly string[]): string {
  expect({ code, stderr }, words.join(" ")).toEqual({ code: 0, stderr: "" });
  return stdout;
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Calls a program and waits for its end, but not for that of a container that keeps its streams open. */
export async function call(
  program: string,
  words: readonly string[],
  folder: string,
  { input, env, cwd, fds = [] }: CallOptions = {},
): Promise<CallResult> {
  const files = mkdtempSync(join(folder, "call-"));
  const paths = { stdout: join(files, "stdout"), stderr: join(files, "stderr") };
  const out = openSync(paths.stdout, "w");
  const err = openSync(paths.stderr, "w");
  const stdio: StdioOptions = [input === undefined ? "ignore" : "pipe", out, err, ...fds];
  const child = spawn(program, words, { stdio, ...(env && { env }), ...(cwd !== undefined && { cwd }) });
  child.stdin?.end(input);
  try {
    const code = await exitCodeOf(child);
    return { code, stdout: readFileSync(paths.stdout, "utf8"), stderr: readFileSync(paths.stderr, "utf8") };
  } finally {
    closeSync(out);
    closeSync(err);
    rmSync(files, { recursive: true });
  }
}

/** Waits for a program's end, which may be over already. @returns its exit code; 128 + n after signal n */
export function exitCodeOf(child: ChildProcess, timeoutMs = 20_000): Promise<number> {
  const codeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
    code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve(codeOf(child.exitCode, child.signalCode));
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`No end after ${timeoutMs} ms: ${child.spawnargs.join(" ")}`));
    }, timeoutMs);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      resolve(codeOf(code, signal));
    });
  });
}

/** Waits for something that happens in its own time. @returns what `find` gives once it gives something */
export async function eventually<T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${find.toString()}`);
    await sleep(5);
  }
}
